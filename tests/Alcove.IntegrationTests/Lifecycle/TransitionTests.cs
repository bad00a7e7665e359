using System.Net;
using Alcove.IntegrationTests.Api;
using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Lifecycle;

/// <summary>What is asked of a sandbox while something is being done to it.</summary>
public sealed class TransitionTests(Installation installation)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task DuringASnapshot_PauseWaits_ResumeAndASecondSnapshotAre409_AndItLooksRunning()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        using var step = await HeldStep.AtAsync("capture.frozen");
        var snapshot = SendAsync(sandbox, "snapshots", "{}");
        await step.ReachedAsync();

        Assert.Equal("running", (string)(await sandbox.DetailAsync())["state"]!);
        var (resumed, refusal, _) = await SendAsync(sandbox, "resume");
        Assert.Equal(HttpStatusCode.Conflict, resumed);
        Assert.Equal($"Sandbox snapshot is currently being created for sandbox '{sandbox.Id}'", (string)refusal!["message"]!);
        var (second, refused, _) = await SendAsync(sandbox, "snapshots", "{}");
        Assert.Equal(HttpStatusCode.Conflict, second);
        Assert.Equal($"Sandbox '{sandbox.Id}' cannot be snapshotted while in 'snapshotting' state", (string)refused!["message"]!);
        var (forked, unforked, _) = await SendAsync(sandbox, "fork");
        Assert.Equal(HttpStatusCode.Conflict, forked);
        Assert.Equal($"Sandbox '{sandbox.Id}' cannot be forked while in 'snapshotting' state", (string)unforked!["message"]!);
        var pause = SendAsync(sandbox, "pause");
        var connect = SendAsync(sandbox, "connect", """{"timeout":60}""");
        Assert.NotSame(pause, await Task.WhenAny(pause, Task.Delay(TimeSpan.FromMilliseconds(300), TestContext.Current.CancellationToken)));

        step.LetGo();
        var (taken, made, _) = await snapshot;
        Assert.Equal(HttpStatusCode.Created, taken);
        Assert.Equal(HttpStatusCode.NoContent, (await pause).Status);
        Assert.True((await connect).Status is HttpStatusCode.OK or HttpStatusCode.Created);
        Assert.Equal(HttpStatusCode.NoContent, (await ApiCall.SendAsync(HttpMethod.Delete, $"/templates/{(string)made!["snapshotID"]!}")).Status);
    }

    [Fact]
    public async Task DuringASnapshot_KillWaitsAndSucceeds_AndTheSnapshotStays()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        using var step = await HeldStep.AtAsync("capture.frozen");
        var snapshot = SendAsync(sandbox, "snapshots", "{}");
        await step.ReachedAsync();
        var kill = sandbox.KillAsync();

        step.LetGo();
        var (taken, made, _) = await snapshot;
        using var killed = await kill;
        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.NoContent), (taken, killed.StatusCode));
        await using var again = await TestSandbox.CreateAsync(installation.Api, new { templateID = (string)made!["snapshotID"]! });
        Assert.Equal("up", await again.OutputAsync("echo up"));
        await again.DisposeAsync();
        Assert.Equal(HttpStatusCode.NoContent, (await ApiCall.SendAsync(HttpMethod.Delete, $"/templates/{(string)made["snapshotID"]!}")).Status);
    }

    [Fact]
    public async Task DuringAPause_ItLooksPaused_SecondPausesJoin_ResumeWaits()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        using var step = await HeldStep.AtAsync("capture.frozen");
        var pause = SendAsync(sandbox, "pause");
        await step.ReachedAsync();

        Assert.Equal("paused", (string)(await sandbox.DetailAsync())["state"]!);
        Assert.Contains(sandbox.Id, await ListedAsync("/v2/sandboxes?state=paused"));
        Assert.DoesNotContain(sandbox.Id, await ListedAsync("/v2/sandboxes?state=running"));
        Assert.DoesNotContain(sandbox.Id, await ListedAsync("/sandboxes"));
        foreach (var verb in (string[])["snapshots", "fork"])
        {
            Assert.Equal(HttpStatusCode.Conflict, (await SendAsync(sandbox, verb, "{}")).Status);
        }

        var (timed, _, _) = await SendAsync(sandbox, "timeout", """{"timeout":60}""");
        Assert.Equal(HttpStatusCode.Conflict, timed);
        var (joined, resumed) = (SendAsync(sandbox, "pause"), SendAsync(sandbox, "resume", """{"timeout":600}"""));
        step.LetGo();
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent, HttpStatusCode.Created), ((await pause).Status, (await joined).Status, (await resumed).Status));
        Assert.Equal(["created", "paused", "resumed"], await Records.EventsOfAsync(sandbox.Id));
    }

    [Fact]
    public async Task DuringAPause_KillWaitsAndSucceeds()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        using var step = await HeldStep.AtAsync("capture.frozen");
        var pause = SendAsync(sandbox, "pause");
        await step.ReachedAsync();
        var kill = sandbox.KillAsync();

        step.LetGo();
        using var killed = await kill;
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), ((await pause).Status, killed.StatusCode));
        await Eventually.HoldsAsync(() => Residue.OfAsync([sandbox.Id]), found => found.Length == 0, Patience);
        Assert.Empty(await PauseTests.CapturesOfAsync(sandbox.Id));
    }

    [Fact]
    public async Task DuringAKill_ConnectIs409_AndTheRest404()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        using var step = await HeldStep.AtAsync("end.killed");
        var kill = sandbox.KillAsync();
        await step.ReachedAsync();

        var (connected, refusal, _) = await SendAsync(sandbox, "connect", """{"timeout":60}""");
        Assert.Equal(HttpStatusCode.Conflict, connected);
        Assert.Equal($"Sandbox \"{sandbox.Id}\" is being killed", (string)refusal!["message"]!);
        foreach (var verb in (string[])["pause", "resume", "fork", "snapshots"])
        {
            Assert.Equal((verb, HttpStatusCode.NotFound), (verb, (await SendAsync(sandbox, verb, "{}")).Status));
        }

        Assert.Equal(HttpStatusCode.NotFound, (await ApiCall.SendAsync(HttpMethod.Get, $"/sandboxes/{sandbox.Id}")).Status);
        step.LetGo();
        using var killed = await kill;
        Assert.Equal(HttpStatusCode.NoContent, killed.StatusCode);
    }

    [Fact]
    public async Task DuringAResumeWithMemory_OneWithoutIsRefused_AndOneWithJoins()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await sandbox.PauseAsync();
        using var step = await HeldStep.AtAsync("start.manifest");
        var resume = SendAsync(sandbox, "resume", """{"timeout":600}""");
        await step.ReachedAsync();

        foreach (var verb in (string[])["connect", "resume"])
        {
            var (status, body, _) = await SendAsync(sandbox, verb, """{"timeout":60,"memory":false}""");
            Assert.Equal(HttpStatusCode.Conflict, status);
            Assert.Equal("sandbox_start_in_flight", (string?)body!["error_code"]);
        }

        var joined = SendAsync(sandbox, "connect", """{"timeout":60}""");
        step.LetGo();
        Assert.Equal(HttpStatusCode.Created, (await resume).Status);
        Assert.True((await joined).Status is HttpStatusCode.OK or HttpStatusCode.Created);
    }

    private static Task<(HttpStatusCode Status, System.Text.Json.Nodes.JsonNode? Body, HttpResponseMessage Answer)> SendAsync(TestSandbox sandbox, string verb, string? json = null) =>
        PauseTests.SendAsync(sandbox.Id, verb, json);

    private static async Task<string[]> ListedAsync(string path) =>
        [.. (await ApiCall.SendAsync(HttpMethod.Get, path)).Body!.AsArray().Select(sandbox => (string)sandbox!["sandboxID"]!)];
}
