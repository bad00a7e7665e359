using System.Net;
using System.Text.Json.Nodes;
using Alcove.IntegrationTests.Api;
using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Lifecycle;

/// <summary>Pause and resume, as the API answers them.</summary>
public sealed class PauseTests(Installation installation)
{
    private const string Unknown = "izzzzzzzzzzzzzzzzzzzz";

    [Fact]
    public async Task Pause_OfRunning_Is204_OfPaused409()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);

        await sandbox.PauseAsync();

        var (status, body, _) = await SendAsync(sandbox.Id, "pause");
        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Equal(409, (int)body!["code"]!);
        Assert.Equal($"Error pausing sandbox - sandbox '{sandbox.Id}' is already paused", (string)body["message"]!);
    }

    [Theory]
    [InlineData("pause", null)]
    [InlineData("resume", null)]
    [InlineData("fork", null)]
    [InlineData("snapshots", "{}")]
    public async Task Verb_OfUnknown_Is404_ByTheCanonicalText(string verb, string? json)
    {
        var (status, body, _) = await ApiCall.SendAsync(HttpMethod.Post, $"/sandboxes/{Unknown}/{verb}", json);

        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.Equal(404, (int)body!["code"]!);
        Assert.Equal($"Sandbox \"{Unknown}\" doesn't exist or you don't have access to it", (string)body["message"]!);
    }

    [Fact]
    public async Task Pause_ManyAtOnce_AllAnswer204_AndItHappensOnce()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => SendAsync(sandbox.Id, "pause")));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.NoContent, answer.Status));
        Assert.Equal(["created", "paused"], await Records.EventsOfAsync(sandbox.Id));
    }

    [Fact]
    public async Task Resume_ManyAtOnce_StartsItOnce_AndAllFindItRunning()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await sandbox.PauseAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(async _ =>
        {
            var answer = await SendAsync(sandbox.Id, "resume", """{"timeout":600}""");
            return (answer.Status, Said: await sandbox.OutputAsync("echo up"));
        }));

        Assert.Contains(answers, answer => answer.Status == HttpStatusCode.Created);
        Assert.All(answers, answer => Assert.True(answer.Status is HttpStatusCode.Created or HttpStatusCode.Conflict, $"{answer.Status}"));
        Assert.All(answers, answer => Assert.Equal("up", answer.Said));
        Assert.Equal(["created", "paused", "resumed"], await Records.EventsOfAsync(sandbox.Id));
    }

    [Fact]
    public async Task Resume_OfRunning_Is409_AfterAKillWhilePaused404()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);

        var (running, message, _) = await SendAsync(sandbox.Id, "resume");
        Assert.Equal(HttpStatusCode.Conflict, running);
        Assert.Equal($"Sandbox {sandbox.Id} is already running", (string)message!["message"]!);

        await sandbox.PauseAsync();
        using var killed = await sandbox.KillAsync();
        Assert.Equal(HttpStatusCode.NoContent, killed.StatusCode);
        foreach (var verb in (string[])["resume", "pause", "connect", "fork"])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(sandbox.Id, verb, """{"timeout":60}""")).Status);
        }

        await Eventually.HoldsAsync(() => Residue.OfAsync([sandbox.Id]), found => found.Length == 0, TimeSpan.FromSeconds(20));
        Assert.Empty(await CapturesOfAsync(sandbox.Id));
    }

    [Fact]
    public async Task PauseAndResume_KeepFilesProcessesBootAndToken_AndRenewTheStart()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api, new { secure = true, metadata = new { kept = "yes" }, envVars = new { GREETING = "hello" } });
        var before = await sandbox.DetailAsync();
        const string Identity = "cat /proc/sys/kernel/random/boot_id /etc/machine-id; pgrep -x sleep; cat file; echo $GREETING";
        await sandbox.OutputAsync("echo written > file; nohup sleep 1000 >/dev/null 2>&1 &");
        var identity = await sandbox.OutputAsync(Identity);

        await sandbox.PauseAsync();
        var paused = await sandbox.DetailAsync();
        var (_, resumed, _) = await SendAsync(sandbox.Id, "resume", """{"timeout":600}""");
        var after = await sandbox.DetailAsync();

        Assert.Equal(identity, await sandbox.OutputAsync(Identity));
        Assert.Equal(sandbox.Token, (string?)resumed!["envdAccessToken"]);
        Assert.Equal(sandbox.Token, (string?)after["envdAccessToken"]);
        Assert.True(Time(after, "startedAt") > Time(paused, "endAt"));
        Assert.Equal(Time(before, "startedAt"), Time(paused, "startedAt"));
        Assert.Equal(600, (Time(after, "endAt") - Time(after, "startedAt")).TotalSeconds, 0.001);
        Assert.Equal("yes", (string?)after["metadata"]!["kept"]);
    }

    [Fact]
    public async Task Resume_WithoutATimeout_LastsFifteenSeconds()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await sandbox.PauseAsync();

        var (status, body, _) = await SendAsync(sandbox.Id, "resume");

        var detail = await sandbox.DetailAsync();
        Assert.Equal(HttpStatusCode.Created, status);
        Assert.Equal("base", (string)body!["templateID"]!);
        Assert.Equal(15, (Time(detail, "endAt") - Time(detail, "startedAt")).TotalSeconds, 0.001);
    }

    [Fact]
    public async Task RepeatedCycles_KeepWhatEachHasWritten()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        for (var cycle = 0; cycle < 5; cycle++)
        {
            await sandbox.OutputAsync($"head -c 1000000 /dev/urandom > file{cycle}; sha256sum file{cycle} >> sums");
            await sandbox.PauseAsync();
            await sandbox.ResumeAsync();
            Assert.Equal(cycle + 1, (await sandbox.OutputAsync("sha256sum --check sums")).Split('\n').Count(line => line.EndsWith(": OK", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task PausedOnes_AreListedAndDescribed_AsPaused()
    {
        var mark = $"{Guid.NewGuid():n}";
        await using var running = await TestSandbox.CreateAsync(installation.Api, new { metadata = new { mark } });
        await using var paused = await TestSandbox.CreateAsync(installation.Api, new { metadata = new { mark }, autoPause = true });
        await paused.PauseAsync();

        Assert.Equal([paused.Id, running.Id], await ListAsync("/v2/sandboxes", mark));
        Assert.Equal([paused.Id], await ListAsync("/v2/sandboxes", mark, "paused"));
        Assert.Equal([running.Id], await ListAsync("/v2/sandboxes", mark, "running"));
        Assert.Equal([paused.Id, running.Id], await ListAsync("/v2/sandboxes", mark, "running,paused"));
        Assert.Equal([running.Id], await ListAsync("/sandboxes", mark));

        var detail = await paused.DetailAsync();
        Assert.Equal("paused", (string)detail["state"]!);
        Assert.Null(detail["domain"]);
        Assert.Equal("pause", (string)detail["lifecycle"]!["onTimeout"]!);
        Assert.InRange(Time(detail, "endAt"), DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddSeconds(1));

        var (_, _, answer) = await ApiCall.SendAsync(HttpMethod.Get, $"/v2/sandboxes?state=paused&metadata={Metadata(mark)}");
        Assert.False(answer.Headers.Contains("X-Total-Running"));
        (_, _, answer) = await ApiCall.SendAsync(HttpMethod.Get, $"/v2/sandboxes?metadata={Metadata(mark)}");
        Assert.Equal("1", answer.Headers.GetValues("X-Total-Running").Single());
    }

    [Theory]
    [InlineData("timeout", """{"timeout":60}""")]
    [InlineData("refreshes", """{"duration":60}""")]
    [InlineData("snapshots", "{}")]
    public async Task Verb_OfPaused_Is404(string verb, string json)
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await sandbox.PauseAsync();

        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(sandbox.Id, verb, json)).Status);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Foreign_Is404_OnEveryVerb_RunningOrPaused(bool isPaused)
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        var (_, key) = await ApiCall.NewTeamAsync();
        if (isPaused)
        {
            await sandbox.PauseAsync();
        }

        foreach (var (method, path, json) in ((HttpMethod, string, string?)[])[
            (HttpMethod.Post, "/connect", """{"timeout":60}"""), (HttpMethod.Post, "/resume", null), (HttpMethod.Post, "/pause", null), (HttpMethod.Post, "/timeout", """{"timeout":60}"""),
            (HttpMethod.Post, "/fork", null), (HttpMethod.Post, "/snapshots", "{}"), (HttpMethod.Get, string.Empty, null), (HttpMethod.Delete, string.Empty, null)])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await ApiCall.SendAsync(method, $"/sandboxes/{sandbox.Id}{path}", json, key)).Status);
        }

        Assert.Equal(isPaused ? "paused" : "running", (string)(await sandbox.DetailAsync())["state"]!);
    }

    [Fact]
    public async Task BlockedTeam_MayLookAndRemove_AndNothingElse()
    {
        var (team, key) = await ApiCall.NewTeamAsync();
        var (_, made, _) = await ApiCall.SendAsync(HttpMethod.Post, "/v2/sandboxes", """{"templateID":"base"}""", key);
        var path = $"/sandboxes/{(string)made!["sandboxID"]!}";
        Assert.Equal(HttpStatusCode.NoContent, (await ApiCall.SendAsync(HttpMethod.Post, $"{path}/pause", null, key)).Status);

        await Records.BlockAsync(team);

        await Eventually.HoldsAsync(async () => (await ApiCall.SendAsync(HttpMethod.Post, $"{path}/resume", null, key)).Status, status => status == HttpStatusCode.Forbidden, TimeSpan.FromSeconds(10));
        foreach (var (verb, json) in ((string, string?)[])[("pause", null), ("resume", null), ("connect", """{"timeout":60}"""), ("fork", null), ("snapshots", "{}")])
        {
            foreach (var sandbox in (string[])[path, $"/sandboxes/{Unknown}"])
            {
                var (status, body, _) = await ApiCall.SendAsync(HttpMethod.Post, $"{sandbox}/{verb}", json, key);
                Assert.Equal(HttpStatusCode.Forbidden, status);
                Assert.StartsWith("team is blocked", (string)body!["message"]!, StringComparison.Ordinal);
            }
        }

        Assert.Equal(HttpStatusCode.OK, (await ApiCall.SendAsync(HttpMethod.Get, "/snapshots", null, key)).Status);
        Assert.Equal("paused", (string)(await ApiCall.SendAsync(HttpMethod.Get, path, null, key)).Body!["state"]!);
        Assert.Equal(HttpStatusCode.NoContent, (await ApiCall.SendAsync(HttpMethod.Delete, path, null, key)).Status);
    }

    [Fact]
    public async Task Pause_FreesAPlace_AndResumeWantsOne()
    {
        var (team, key) = await ApiCall.NewTeamAsync();
        await ApiCall.SendAsync(HttpMethod.Patch, $"/admin/teams/{team}/limits", """{"concurrentSandboxes":1}""", null, ("X-Admin-Token", ApiCall.AdminToken));
        var (_, first, _) = await ApiCall.SendAsync(HttpMethod.Post, "/v2/sandboxes", """{"templateID":"base"}""", key);
        var one = $"/sandboxes/{(string)first!["sandboxID"]!}";
        Assert.Equal(HttpStatusCode.NoContent, (await ApiCall.SendAsync(HttpMethod.Post, $"{one}/pause", null, key)).Status);

        var (created, second, _) = await ApiCall.SendAsync(HttpMethod.Post, "/v2/sandboxes", """{"templateID":"base"}""", key);
        var (resumed, refusal, answer) = await ApiCall.SendAsync(HttpMethod.Post, $"{one}/resume", null, key);
        var (connected, _, _) = await ApiCall.SendAsync(HttpMethod.Post, $"/v2{one}/connect", null, key);

        Assert.Equal(HttpStatusCode.Created, created);
        Assert.Equal((HttpStatusCode.TooManyRequests, HttpStatusCode.TooManyRequests), (resumed, connected));
        Assert.False(answer.Headers.Contains("Retry-After"));
        Assert.StartsWith("you have reached the maximum number of concurrent E2B sandboxes (1).", (string)refusal!["message"]!, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NoContent, (await ApiCall.SendAsync(HttpMethod.Delete, $"/sandboxes/{(string)second!["sandboxID"]!}", null, key)).Status);
        Assert.Equal(HttpStatusCode.Created, (await ApiCall.SendAsync(HttpMethod.Post, $"{one}/resume", null, key)).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await ApiCall.SendAsync(HttpMethod.Delete, one, null, key)).Status);
    }

    [Theory]
    [InlineData("""{"timeout":0}""", "Timeout must be greater than 0")]
    [InlineData("""{"timeout":86401}""", "Timeout cannot be greater than 24 hours")]
    public async Task Resume_WithATimeoutThatCannotBe_Is400(string json, string message)
    {
        var (status, body, _) = await SendAsync(Unknown, "resume", json);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(message, (string)body!["message"]!);
    }

    internal static Task<(HttpStatusCode Status, JsonNode? Body, HttpResponseMessage Answer)> SendAsync(string id, string verb, string? json = null) =>
        ApiCall.SendAsync(HttpMethod.Post, $"/sandboxes/{id}/{verb}", json);

    internal static DateTimeOffset Time(JsonObject detail, string name) => (DateTimeOffset)detail[name]!;

    /// <summary>Captures on the disk whose own words name the sandbox.</summary>
    internal static async Task<string[]> CapturesOfAsync(string id) =>
        (await Command.ShellAsync($"grep -rls {id} --include=*.json {TestHome.Path}/pool/captures || true")).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static string Metadata(string mark) => $"mark%3D{mark}";

    private static async Task<string[]> ListAsync(string path, string mark, string? states = null)
    {
        var (_, body, _) = await ApiCall.SendAsync(HttpMethod.Get, $"{path}?metadata={Metadata(mark)}{(states is null ? string.Empty : $"&state={states}")}");
        return [.. body!.AsArray().Select(sandbox => (string)sandbox!["sandboxID"]!)];
    }
}
