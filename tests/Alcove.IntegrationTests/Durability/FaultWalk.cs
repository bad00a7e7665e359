using System.Net;
using System.Net.Http.Json;
using Alcove.Connect;
using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Durability;

/// <summary>One fault at one step of an act, and what has to hold afterwards.</summary>
internal sealed class FaultWalk(Installation installation)
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>A full disk leaves so much; less than a dump takes.</summary>
    private const int LeaveMiB = 24;

    /// <summary>Long enough for a criu to be hit in the middle.</summary>
    private const int MemoryMiB = 64;

    /// <param name="act">pause, connect, snapshots or fork.</param>
    /// <param name="step">Whose it is, and its name; criu's are <c>dump</c> and <c>restore</c>, half done.</param>
    /// <param name="fault">What happens there.</param>
    public async Task WalkAsync(string act, string step, Fault fault)
    {
        var witness = await Witness.StartAsync(await installation.CreateAsync(), MemoryMiB);
        var sandbox = witness.Sandbox;
        try
        {
            await witness.IsWellAsync();
            if (act == "connect")
            {
                await sandbox.PauseAsync();
            }

            await Installation.NodeHasTestedItselfAsync();
            await DisturbAsync(sandbox, act, step, fault);
            await RunsAgainAsync(sandbox.Id);
            if (step == "criu:dump" && fault == Fault.Killed)
            {
                await StartsAnewIfLostAsync(witness);
            }

            await witness.IsWellAsync();
            await CanStillAsync(witness);
        }
        finally
        {
            FaultFile.Clear();
            await RemoveAllAsync();
        }

        await Eventually.HoldsAsync(LeftoversAsync, left => left.Length == 0, Patience);
        sandbox.Daemon.Dispose();
    }

    /// <summary>Starts again what does not run.</summary>
    public async Task RestartAsync()
    {
        foreach (var daemon in ((Daemon[])[installation.Node, installation.Server]).Where(daemon => !daemon.Runs))
        {
            await daemon.StartAsync(CancellationToken.None);
        }
    }

    /// <summary>Running or paused, within ten seconds; paused, it is taken up.</summary>
    public Task<string> RunsAgainAsync(string sandboxId) => Eventually.HoldsAsync(
        async () =>
        {
            try
            {
                using var answer = await installation.Api.PostAsJsonAsync($"/sandboxes/{sandboxId}/connect", new { timeout = 3600 });
                return $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}";
            }
            catch (HttpRequestException e)
            {
                return e.Message;
            }
        },
        answer => answer.StartsWith("20", StringComparison.Ordinal),
        Patience);

    /// <summary>
    /// A process that a criu was inside of as it was killed may be gone: as it leaves, criu's code puts back the protection of memory that it
    /// found, over what other threads have changed since. The disk is there, and says what it said, also where that was the first process.
    /// </summary>
    /// <returns>Whether it was so.</returns>
    public async Task<bool> StartsAnewIfLostAsync(Witness witness)
    {
        try
        {
            await witness.IsWellAsync();
            return false;
        }
        catch (Exception e) when (e is ConnectException or TimeoutException)
        {
            if (await Eventually.HoldsAsync(() => IsLostAsync(witness), known => known is not null, Patience) != true)
            {
                throw;
            }

            await witness.StartAnewAsync();
            return true;
        }
    }

    /// <summary>Whoever asked may hear nothing, or that it did not work.</summary>
    public static async Task TryActAsync(TestSandbox sandbox, string act)
    {
        try
        {
            (await sandbox.PostAsync(act, act == "connect" ? new { timeout = 3600 } : new { })).Dispose();
        }
        catch (HttpRequestException)
        {
            // The server is gone.
        }
    }

    /// <summary>Also copies of which nobody has heard, and snapshots.</summary>
    public async Task RemoveAllAsync()
    {
        await RestartAsync();
        await RemoveSandboxesAsync();
    }

    public async Task RemoveSandboxesAsync()
    {
        foreach (var sandbox in (await installation.Api.GetFromJsonAsync<List<Listed>>("/v2/sandboxes"))!)
        {
            (await installation.Api.DeleteAsync($"/sandboxes/{sandbox.SandboxID}")).Dispose();
        }

        foreach (var snapshot in (await installation.Api.GetFromJsonAsync<List<Snapshot>>("/snapshots"))!)
        {
            (await installation.Api.DeleteAsync($"/templates/{snapshot.SnapshotID}")).Dispose();
        }
    }

    public static Task<string[]> LeftoversAsync() => Task.FromResult<string[]>(
        [.. ((string[])["sandboxes", "pool/captures"]).SelectMany(name => Directory.GetFileSystemEntries(Path.Combine(TestHome.Path, name))).Where(path => !path.EndsWith("/selftest", StringComparison.Ordinal))]);

    /// <returns>Null while that cannot be said.</returns>
    private async Task<bool?> IsLostAsync(Witness witness)
    {
        try
        {
            await RunsAgainAsync(witness.Sandbox.Id);
            return await witness.IsGoneAsync();
        }
        catch (ConnectException)
        {
            return null;
        }
    }

    private async Task DisturbAsync(TestSandbox sandbox, string act, string step, Fault fault)
    {
        var (who, name) = (step.Split(':')[0], step.Split(':')[1]);
        if (who == "criu")
        {
            var acting = TryActAsync(sandbox, act);
            var found = await Criu.HalfDoneAsync(() => name == "dump" ? IsWriting() : act == "connect" || IsForking(sandbox.Id), acting);
            Assert.NotEmpty(found);
            await HitCriuAsync(found, fault, acting);
            return;
        }

        var (self, other) = who == "node" ? (installation.Node, installation.Server) : (installation.Server, installation.Node);
        await FaultFile.OrderAsync(name, fault switch { Fault.Killed => "kill", Fault.Fails => "fail", _ => "hold" });
        var asked = TryActAsync(sandbox, act);
        await FaultFile.TakenAsync(Patience);
        switch (fault)
        {
            case Fault.Killed:
                await self.EndedAsync(Patience);
                await self.StartAsync(TestContext.Current.CancellationToken);
                break;
            case Fault.OthersKilled:
                await FaultFile.HeldAsync(Patience);
                await other.KillAsync();
                FaultFile.LetGo();
                await other.StartAsync(TestContext.Current.CancellationToken);
                break;
            case Fault.DiskFull:
                await FaultFile.HeldAsync(Patience);
                using (await FullPool.FillAsync(LeaveMiB))
                {
                    FaultFile.LetGo();
                    await asked;
                }

                break;
            case Fault.Fails:
                break;
        }

        await asked;
    }

    private async Task HitCriuAsync(int[] found, Fault fault, Task acting)
    {
        switch (fault)
        {
            case Fault.OthersKilled:
                await installation.Node.KillAsync();
                await installation.Server.KillAsync();
                await RestartAsync();
                break;
            case Fault.DiskFull:
                using (await FullPool.FillAsync(LeaveMiB))
                {
                    await acting;
                }

                break;
            default:
                await Command.ShellAsync($"kill -9 {string.Join(' ', found)} || true");
                break;
        }

        await acting;
    }

    private static bool IsWriting() => Directory.EnumerateDirectories(Path.Combine(TestHome.Path, "pool", "captures"), "*.new")
        .Any(capture => !capture.Contains("selftest", StringComparison.Ordinal) && Directory.Exists($"{capture}/memory") && Directory.EnumerateFiles($"{capture}/memory", "pages-*.img").Any());

    /// <summary>Another sandbox than the one that is copied is being made.</summary>
    private static bool IsForking(string source) => Directory.EnumerateDirectories(Path.Combine(TestHome.Path, "sandboxes"))
        .Any(path => Path.GetFileName(path) is var id && id != source && id != "selftest" && Criu.At(id).Length > 0);

    private async Task CanStillAsync(Witness witness)
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

    private sealed record Listed(string SandboxID);

    private sealed record Snapshot(string SnapshotID);
}
