using System.Globalization;
using System.Text.RegularExpressions;
using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Durability;

/// <summary>What sandboxes that come, sleep, multiply and go leave behind: nothing; and what they delete is the host's again.</summary>
public sealed partial class ResidueTests(Installation installation)
{
    private const int Rounds = 25;
    private const int DiskMiB = 5120;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task HundredPausesResumesForksAndKills_LeaveNothing()
    {
        await UseOnceAsync();
        var before = await EverythingAsync();

        await using (var sandbox = await installation.CreateAsync())
        {
            for (var round = 0; round < Rounds; round++)
            {
                await sandbox.PauseAsync();
                await sandbox.ResumeAsync();
                foreach (var copy in await sandbox.ForkAsync(1))
                {
                    await copy.DisposeAsync();
                }
            }
        }

        var after = string.Empty;
        try
        {
            await Eventually.TrueAsync(async () => (after = await EverythingAsync()) == before, Patience);
        }
        catch (TimeoutException)
        {
            Assert.Equal(before, after);
        }
    }

    [Fact]
    public async Task DiskAfterPausesASnapshotAndAFork_CanBeFilledTwice_AndWhatIsDeletedReturns()
    {
        await using var sandbox = await installation.CreateAsync();
        for (var round = 0; round < 3; round++)
        {
            await sandbox.RunAsync($"head -c 20M /dev/urandom > /home/user/before{round}");
            await sandbox.PauseAsync();
            await sandbox.ResumeAsync();
        }

        using (var snapshot = await sandbox.PostAsync("snapshots"))
        {
            snapshot.EnsureSuccessStatusCode();
        }

        await using var copy = Assert.Single(await sandbox.ForkAsync(1));
        var first = await FillAsync(sandbox);
        var full = await PoolUseAsync();
        await sandbox.RunAsync("rm /home/user/all; sync; fstrim -v / 2>/dev/null; true", "root");
        await Eventually.HoldsAsync(PoolUseAsync, use => use < full - (first * 9 / 10), Patience);
        var second = await FillAsync(sandbox);

        // Metadata and the daemon's own files take the rest.
        Assert.InRange(first, DiskMiB * 9 / 10, DiskMiB);
        Assert.InRange(second, first - 32, first + 32);
        await sandbox.KillAsync();
        await copy.KillAsync();
        await new FaultWalk(installation).RemoveAllAsync();
    }

    /// <summary>What is made once and stays: a blank disk, directories.</summary>
    private async Task UseOnceAsync()
    {
        await using (var sandbox = await installation.CreateAsync())
        {
            await sandbox.PauseAsync();
            await sandbox.ResumeAsync();
            foreach (var copy in await sandbox.ForkAsync(1))
            {
                await copy.DisposeAsync();
            }
        }

        await Installation.NodeHasTestedItselfAsync();
        var last = string.Empty;
        await Eventually.TrueAsync(
            async () =>
            {
                var (before, now) = (last, await EverythingAsync());
                last = now;
                return now == before;
            },
            Patience);
    }

    /// <returns>MiB that went in before there was no room.</returns>
    private static async Task<long> FillAsync(TestSandbox sandbox)
    {
        var result = await sandbox.RunAsync("dd if=/dev/zero of=/home/user/all bs=1M oflag=direct 2>/dev/null; stat -c %s /home/user/all", "root", TimeSpan.FromMinutes(4));
        return long.Parse(result.Output, CultureInfo.InvariantCulture) >> 20;
    }

    /// <returns>MiB of the pool in use.</returns>
    private static async Task<long> PoolUseAsync() =>
        long.Parse((await Command.ShellAsync($"df --output=used -BM {TestHome.Path}/pool | tail -n 1 | tr -dc 0-9")).Trim(), CultureInfo.InvariantCulture);

    /// <summary>All that an installation has on a machine. Slots are used in turn: their numbers, and what is named by them, do not count.</summary>
    private static async Task<string> EverythingAsync()
    {
        var listing = await Command.ShellAsync($"""
            grep -F '{TestHome.Path}/' /proc/self/mountinfo | cut -d' ' -f5 | sed 's/^/mount /'
            find /sys/fs/cgroup -type d -path '*alcove*' | grep -F "$(cat {TestHome.Path}/secrets/installation-id)" | sed 's/^/cgroup /'
            losetup --noheadings --output BACK-FILE | grep -F '{TestHome.Path}/' | sed 's/^/loop /'
            ip -o link | cut -d: -f2 | cut -d@ -f1 | sed 's/^/link /'
            find {TestHome.Path} -xdev \( -path '*/logs' -o -path '*/cache' -o -path '*/run/state' -o -path '*/alcove.db*' \) -prune -o -print | sed 's/^/file /'
            find {TestHome.Path}/run/state/crun -mindepth 1 2>/dev/null | sed 's/^/state /' || true
            find {TestHome.Path}/pool -maxdepth 2 | sed 's/^/pool /'
            nft list ruleset | grep -c . | sed 's/^/rules /'
            """);
        return string.Join('\n', listing.Split('\n').Select(line => Slot().Replace(line, "#")).Order(StringComparer.Ordinal));
    }

    [GeneratedRegex(@"(?<=/run/(net)?|/disks/)\d+|(?<=^link +al[a-z0-9]{8})[0-9a-f]+$")]
    private static partial Regex Slot();
}
