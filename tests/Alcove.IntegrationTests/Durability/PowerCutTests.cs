using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Durability;

/// <summary>
/// The power goes: of what was written only that is left which had reached the disk at that instant. An installation of its own lies on a
/// loop-mounted file system; its backing file is cloned without a sync while sandboxes are paused, taken up and copied, and then server and node
/// start on the clone. The shared installation stands still meanwhile.
/// </summary>
public sealed class PowerCutTests(Installation installation) : IAsyncLifetime
{
    private const int LongestMilliseconds = 1500;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly string Place = Path.Combine(TestHome.Path, "pool", "power-cut");
    private static readonly string Home = Path.Combine(TestHome.Path, "power-cut");

    private static readonly Dictionary<string, string?> Environment = new()
    {
        ["ALCOVE_HOME"] = Home, ["ALCOVE_POOL_GIB"] = "6", ["ALCOVE_SLOTS"] = "10.13.0.0/16", ["ALCOVE_PREPARED_SLOTS"] = "1",
        ["ALCOVE_DISK_RESERVE_MIB"] = "64", ["ALCOVE_DISK_FREEZE_MIB"] = "16", ["ALCOVE_BALLAST_MIB"] = "8",
    };

    private readonly Daemon _node = Daemons.Node(Home, Environment);
    private readonly Daemon _server = Daemons.Server(Environment);

    public async ValueTask InitializeAsync()
    {
        await installation.Server.StopAsync();
        await installation.Node.StopAsync();
        await CleanAsync();
        await Command.ShellAsync($"""
            mkdir -p {Place} {Home}
            truncate -s 8G {Place}/disk
            mkfs.ext4 -q -E lazy_itable_init=1,nodiscard {Place}/disk
            mount -o loop {Place}/disk {Home}
            cp -a {TestHome.Path}/envd {TestHome.Path}/prefix {TestHome.Path}/templates {Home}/
            sync -f {Home}
            """);
        await PrepareAsync();
        await _node.StartAsync(CancellationToken.None);
        (await Installation.RunAsync("alcove-server", Environment, "seed")).Succeeded();
        await _server.StartAsync(CancellationToken.None);
        await Eventually.HoldsAsync(() => Daemons.NodeStatusAsync(Home), status => status.CanPause, TimeSpan.FromSeconds(60));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var daemon in ((Daemon[])[_server, _node]).Where(daemon => daemon.Runs))
        {
            await daemon.KillAsync();
        }

        await CleanAsync();
        await new FaultWalk(installation).RestartAsync();
    }

    [Fact]
    public async Task PowerCut_AtAnyMoment_EverySandboxIsPaused_WithItsCaptureOrItsDisk()
    {
        for (var round = 0; round < Extent.PowerCuts; round++)
        {
            await RoundAsync(TimeSpan.FromMilliseconds(Random.Shared.Next(LongestMilliseconds)));
        }
    }

    private async Task RoundAsync(TimeSpan moment)
    {
        var (slept, ran, busy) = (await StartAsync(), await StartAsync(), await StartAsync());
        await slept.Sandbox.PauseAsync();
        var snapshot = await ran.Sandbox.SnapshotAsync();
        await ran.IsWellAsync();
        var acting = Task.WhenAll(CycleAsync(busy.Sandbox), FaultWalk.TryActAsync(ran.Sandbox, "snapshots"));
        await Task.Delay(moment, CancellationToken.None);
        await Command.ShellAsync($"cp --reflink=always {Place}/disk {Place}/cut");

        await GoDownAsync();
        await acting;
        await Command.ShellAsync($"mv {Place}/cut {Place}/disk; mount -o loop {Place}/disk {Home}");
        await PrepareAsync();
        await _node.StartAsync(CancellationToken.None);
        await _server.StartAsync(CancellationToken.None);

        foreach (var witness in (Witness[])[slept, ran, busy])
        {
            await Eventually.HoldsAsync(witness.Sandbox.StateAsync, state => state == "paused", Patience);
            await witness.Sandbox.ResumeAsync();
            if (await witness.IsGoneAsync())
            {
                Assert.NotSame(slept, witness);
                await witness.StartAnewAsync();
            }

            await witness.IsWellAsync();
            await witness.Sandbox.PauseAsync();
            await witness.Sandbox.ResumeAsync();
            await witness.IsWellAsync();
        }

        await using (var copy = await TestSandbox.CreateAsync(installation.Api, new { templateID = snapshot }))
        {
            Assert.Equal(string.Empty, (await copy.RunAsync("cat /home/user/diverged 2>/dev/null")).Output);
            Assert.NotEmpty((await copy.RunAsync("pgrep -f witness.py")).Output);
        }

        await new FaultWalk(installation).RemoveSandboxesAsync();
    }

    private async Task<Witness> StartAsync()
    {
        var witness = await Witness.StartAsync(await TestSandbox.CreateAsync(installation.Api));
        await witness.IsWellAsync();
        return witness;
    }

    private static async Task CycleAsync(TestSandbox sandbox)
    {
        await FaultWalk.TryActAsync(sandbox, "pause");
        await FaultWalk.TryActAsync(sandbox, "connect");
    }

    /// <summary>What is read only is bound from the shared home.</summary>
    private static async Task PrepareAsync()
    {
        (await Installation.RunAsync("alcove-node", Environment, "prepare")).Succeeded();
        await Command.ShellAsync($"""
            for layer in {TestHome.Path}/pool/layers/*; do
              mkdir -p {Home}/pool/layers/$(basename $layer)
              mount --bind $layer {Home}/pool/layers/$(basename $layer)
            done
            """);
    }

    private async Task GoDownAsync()
    {
        await _server.KillAsync();
        await _node.KillAsync();
        await UnmountAsync();
    }

    private static async Task UnmountAsync()
    {
        if (File.Exists($"{Home}/secrets/installation-id"))
        {
            (await Installation.RunAsync("alcove-node", Environment, "cleanup")).Succeeded();
        }

        await Command.ShellAsync($"for mount in $(cut -d' ' -f5 /proc/self/mountinfo | grep -E '^{Home}(/|$)' | sort -r); do umount $mount || umount -l $mount; done");
    }

    private static async Task CleanAsync()
    {
        await UnmountAsync();
        await Command.ShellAsync($"rm -rf {Place}; rmdir {Home} 2>/dev/null || true");
    }
}
