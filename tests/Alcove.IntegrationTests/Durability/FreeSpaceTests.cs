using System.Net;
using System.Net.Http.Json;
using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Durability;

/// <summary>What becomes of sandboxes when the disk gets full: no new ones, then writers stand still, and nobody is hurt.</summary>
public sealed class FreeSpaceTests(Installation installation)
{
    private const int BelowTheReserve = 3000;
    private const int BelowTheLimit = 1000;
    private const int BelowADump = 40;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task BelowTheReserve_NoCreateSnapshotOrFork_ButPauseAndResume()
    {
        await using var sandbox = await installation.CreateAsync();
        using (await FullPool.FillAsync(BelowTheReserve))
        {
            using var created = await installation.Api.PostAsJsonAsync("/sandboxes", new { templateID = "base" }, TestContext.Current.CancellationToken);
            await IsRefusedAsync(created);
            using var snapshot = await sandbox.PostAsync("snapshots");
            await IsRefusedAsync(snapshot);
            using var fork = await sandbox.PostAsync("fork");
            await IsRefusedAsync(fork);

            await sandbox.PauseAsync();
            await sandbox.ResumeAsync();
            Assert.Equal("fine\n", (await sandbox.RunAsync("echo fine")).Output);
        }

        using var after = await sandbox.PostAsync("snapshots");
        Assert.Equal(HttpStatusCode.Created, after.StatusCode);
        await sandbox.KillAsync();
        await new FaultWalk(installation).RemoveAllAsync();
    }

    [Fact]
    public async Task BelowTheLimit_WritersStandStill_OthersDoNot_AndGoOnWhenThereIsRoom()
    {
        await using var idle = await installation.CreateAsync();
        var writer = await Witness.StartAsync(await installation.CreateAsync());
        await using var writing = writer.Sandbox;
        await writing.RunAsync("nohup sh -c 'while :; do dd if=/dev/urandom of=/home/user/big bs=1M count=64 conv=fsync; done' >/dev/null 2>&1 &");
        using (await FullPool.FillAsync(BelowTheLimit))
        {
            await Eventually.TrueAsync(() => IsFrozenAsync(writing), Patience);
            Assert.Equal("fine\n", (await idle.RunAsync("echo fine")).Output);
            Assert.False(await IsFrozenAsync(idle));

            // Who starts the node in the middle of it does not set it free.
            await installation.Node.KillAsync();
            await installation.Node.StartAsync(TestContext.Current.CancellationToken);
            Assert.True(await IsFrozenAsync(writing));
        }

        await Eventually.TrueAsync(async () => !await IsFrozenAsync(writing), Patience);
        await writer.IsWellAsync();
    }

    [Fact]
    public async Task PauseThatDoesNotFit_SaysWhy_AndTheSandboxRunsOn()
    {
        var witness = await Witness.StartAsync(await installation.CreateAsync(), memoryMiB: 64);
        await using var sandbox = witness.Sandbox;
        await sandbox.RunAsync("pkill -STOP -f witness.py");
        using (await FullPool.FillAsync(BelowADump))
        {
            using var answer = await sandbox.PostAsync("pause");
            var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.Contains("MiB are free", text, StringComparison.Ordinal);
        }

        await sandbox.RunAsync("pkill -CONT -f witness.py");
        await witness.IsWellAsync();
        await sandbox.PauseAsync();
    }

    private static async Task IsRefusedAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("free disk", text, StringComparison.Ordinal);
    }

    private static async Task<bool> IsFrozenAsync(TestSandbox sandbox) => (await Command.ShellAsync($"""
        find /sys/fs/cgroup -path '*/alcove/*/{sandbox.Id}/freezer.state' -exec cat [] + 2>/dev/null
        find /sys/fs/cgroup -path '*/alcove/*/{sandbox.Id}/cgroup.events' -exec grep -h frozen [] + 2>/dev/null || true
        """.Replace("[]", "{}", StringComparison.Ordinal))).Split('\n').Any(line => line is "FROZEN" or "frozen 1");
}
