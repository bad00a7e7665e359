using System.Net;
using System.Net.Http.Json;
using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Durability;

/// <summary>
/// Server and node are killed at every step of pause, resume, snapshot and fork, and every step is made to fail: afterwards the sandbox runs or is
/// paused, with nothing lost, within ten seconds of the restart, and can be paused, resumed, forked and deleted.
/// </summary>
public sealed class FaultWalkTests(Installation installation)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly string[] Capture = ["node:capture.frozen", "node:capture.copied", "node:capture.thawed", "node:capture.flushed", "node:capture.named"];
    private static readonly string[] Start = ["node:start.manifest", "node:start.slot", "node:start.mounted", "node:start.process", "node:start.ready", "node:start.committed"];

    public static TheoryData<string, string> Steps => Rows(
        ("pause", ["server:pause.row-pausing", .. Capture, "server:pause.captured", "server:pause.row-paused", "node:end.killed", "node:end.unmounted", "node:end.slot"]),
        ("connect", ["server:resume.row-resuming", .. Start, "server:resume.restored", "server:resume.row-running", "node:capture.removing"]),
        ("snapshots", ["server:snapshot.row-snapshotting", .. Capture, "server:snapshot.captured", "server:snapshot.row-running"]),
        ("fork", [.. Start, "node:capture.removing"]));

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task Killed_NothingIsLost(string act, string step) => await WalkAsync(act, step, "kill", async daemon =>
    {
        await daemon.EndedAsync(Patience);
        await daemon.StartAsync(TestContext.Current.CancellationToken);
    });

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task Failed_NothingIsLost(string act, string step) => await WalkAsync(act, step, "fail", _ => Task.CompletedTask);

    private async Task WalkAsync(string act, string step, string fault, Func<Daemon, Task> recover)
    {
        var witness = await Witness.StartAsync(await installation.CreateAsync());
        var sandbox = witness.Sandbox;
        try
        {
            await witness.IsWellAsync();
            if (act == "connect")
            {
                await sandbox.PauseAsync();
            }

            await Installation.NodeHasTestedItselfAsync();
            var (who, name) = (step.Split(':')[0], step.Split(':')[1]);
            await File.WriteAllTextAsync(Installation.FaultFile, $"{name} {fault}", TestContext.Current.CancellationToken);
            var acting = TryActAsync(sandbox, act);
            await Eventually.TrueAsync(() => Task.FromResult(!File.Exists(Installation.FaultFile)), Patience);
            await recover(who == "node" ? installation.Node : installation.Server);

            await RunsAgainAsync(sandbox);
            await acting;
            await witness.IsWellAsync();
            await CanStillAsync(witness);
        }
        finally
        {
            File.Delete(Installation.FaultFile);
            await RemoveAllAsync();
        }

        await Eventually.HoldsAsync(LeftoversAsync, left => left.Length == 0, Patience);
        sandbox.Daemon.Dispose();
    }

    /// <summary>Whoever asked may hear nothing, or that it did not work.</summary>
    private static async Task TryActAsync(TestSandbox sandbox, string act)
    {
        try
        {
            (await sandbox.PostAsync(act, act == "connect" ? new { timeout = 600 } : new { })).Dispose();
        }
        catch (HttpRequestException)
        {
            // The server is gone.
        }
    }

    /// <summary>Running or paused, within ten seconds; paused, it is taken up.</summary>
    private Task<string> RunsAgainAsync(TestSandbox sandbox) => Eventually.HoldsAsync(
        async () =>
        {
            try
            {
                using var answer = await installation.Api.PostAsJsonAsync($"/sandboxes/{sandbox.Id}/connect", new { timeout = 600 });
                return $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}";
            }
            catch (HttpRequestException e)
            {
                return e.Message;
            }
        },
        answer => answer.StartsWith("20", StringComparison.Ordinal),
        Patience);

    private static async Task CanStillAsync(Witness witness)
    {
        await Eventually.HoldsAsync(
            async () =>
            {
                using var paused = await witness.Sandbox.PostAsync("pause");
                return paused.StatusCode;
            },
            status => status == HttpStatusCode.NoContent,
            Patience);
        await witness.Sandbox.ResumeAsync();
        var copy = Assert.Single(await witness.Sandbox.ForkAsync(1));
        await using (copy)
        {
            await witness.In(copy).IsWellAsync();
        }

        await witness.IsWellAsync();
        using var answer = await witness.Sandbox.KillAsync();
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    /// <summary>Also copies of which nobody has heard, and snapshots.</summary>
    private async Task RemoveAllAsync()
    {
        var sandboxes = await installation.Api.GetFromJsonAsync<List<Listed>>("/v2/sandboxes");
        foreach (var sandbox in sandboxes!)
        {
            (await installation.Api.DeleteAsync($"/sandboxes/{sandbox.SandboxID}")).Dispose();
        }

        var snapshots = await installation.Api.GetFromJsonAsync<List<Snapshot>>("/snapshots");
        foreach (var snapshot in snapshots!)
        {
            (await installation.Api.DeleteAsync($"/templates/{snapshot.SnapshotID}")).Dispose();
        }
    }

    private static Task<string[]> LeftoversAsync() => Task.FromResult<string[]>(
        [.. ((string[])["sandboxes", "pool/captures"]).SelectMany(name => Directory.GetFileSystemEntries(Path.Combine(TestHome.Path, name))).Where(path => !path.EndsWith("/selftest", StringComparison.Ordinal))]);

    private static TheoryData<string, string> Rows(params (string Act, string[] Steps)[] table)
    {
        var rows = new TheoryData<string, string>();
        foreach (var (act, steps) in table)
        {
            foreach (var step in steps)
            {
                rows.Add(act, step);
            }
        }

        return rows;
    }

    private sealed record Listed(string SandboxID);

    private sealed record Snapshot(string SnapshotID);
}
