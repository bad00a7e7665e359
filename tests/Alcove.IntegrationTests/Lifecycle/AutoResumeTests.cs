using System.Net;
using System.Text.Json.Nodes;
using Alcove.IntegrationTests.Api;
using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Lifecycle;

/// <summary>Paused sandboxes that a request wakes, and those that it does not.</summary>
public sealed class AutoResumeTests(Installation installation)
{
    private const int Port = 8000;
    private const string TrafficToken = "e2b-traffic-access-token";
    private const string DaemonToken = "X-Access-Token";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Http_ToAPausedOne_WakesIt_AndIsServed()
    {
        await using var sandbox = await PausedServerAsync(new { autoResume = new { enabled = true } });

        using var answer = await sandbox.GetAsync(Port, "/page");

        Assert.Equal((HttpStatusCode.OK, "served\n"), (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
        Assert.Equal("running", await StateAsync(sandbox));
    }

    [Fact]
    public async Task ManyRequests_ToAPausedOne_WakeItOnce()
    {
        await using var sandbox = await PausedServerAsync(new { autoResume = new { enabled = true } });

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => sandbox.GetAsync(Port, "/page")));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        Assert.Equal(["created", "paused", "resumed"], await Records.EventsOfAsync(sandbox.Id));
    }

    [Fact]
    public async Task Rpc_ToAPausedOne_WakesIt()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api, new { secure = true, autoResume = new { enabled = true } });
        await sandbox.PauseAsync();

        Assert.Equal("awake", await sandbox.OutputAsync("echo awake"));
    }

    [Fact]
    public async Task RequestDuringThePause_WaitsForIt_AndWakesItAgain()
    {
        await using var sandbox = await ServerAsync(new { autoResume = new { enabled = true } });
        using var step = await HeldStep.AtAsync("capture.frozen");
        var pause = PauseTests.SendAsync(sandbox.Id, "pause");
        await step.ReachedAsync();
        var request = sandbox.GetAsync(Port, "/page");

        step.LetGo();

        using var answer = await request;
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.OK), ((await pause).Status, answer.StatusCode));
        Assert.Equal("running", await StateAsync(sandbox));
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task NotAllowed_OrWithoutMemory_Is502_AndStaysPaused(bool isAllowed, bool withMemory)
    {
        await using var sandbox = await PausedServerAsync(new { autoResume = new { enabled = isAllowed } }, withMemory);

        foreach (var port in (int[])[Port, 49983])
        {
            using var answer = await sandbox.GetAsync(port, port == Port ? "/page" : "/health");
            Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
            Assert.Equal("application/json; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
            var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
            Assert.Equal((sandbox.Id, "The sandbox was not found", 502), ((string)body["sandboxId"]!, (string)body["message"]!, (int)body["code"]!));
        }

        Assert.Equal("paused", await StateAsync(sandbox));
        Assert.Equal(HttpStatusCode.Created, (await PauseTests.SendAsync(sandbox.Id, "connect", """{"timeout":60}""")).Status);
    }

    [Fact]
    public async Task ClosedPort_OfASleeper_WakesIt_AndSaysThePort()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api, new { autoResume = new { enabled = true } });
        await sandbox.PauseAsync();

        using var answer = await sandbox.GetAsync(9);

        var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        Assert.Equal((HttpStatusCode.BadGateway, 9, "The sandbox is running but port is not open"), (answer.StatusCode, (int)body["port"]!, (string)body["message"]!));
        Assert.Equal("running", await StateAsync(sandbox));
    }

    [Fact]
    public async Task InitOfTheDaemon_IsNotReached_AndWakesNobody()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api, new { secure = true, autoResume = new { enabled = true } });
        await sandbox.PauseAsync();

        using var answer = await sandbox.Daemon.PostAsync("/init", new StringContent("{}"), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Contains("reserved for the E2B control plane", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal("paused", await StateAsync(sandbox));
    }

    [Fact]
    public async Task PrivateIngress_WakesOnlyWithItsToken()
    {
        await using var sandbox = await PausedServerAsync(new { secure = true, autoResume = new { enabled = true }, network = new { allowPublicTraffic = false } });
        var token = (string)sandbox.Created["trafficAccessToken"]!;

        using var without = await sandbox.GetAsync(Port, "/page");
        using var wrong = await sandbox.GetAsync(Port, "/page", (TrafficToken, new string('0', token.Length)));
        using var daemons = await sandbox.GetAsync(Port, "/page", (DaemonToken, sandbox.Token!));
        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), (without.StatusCode, wrong.StatusCode, daemons.StatusCode));
        Assert.Equal("paused", await StateAsync(sandbox));

        using var right = await sandbox.GetAsync(Port, "/page", (TrafficToken, token));
        Assert.Equal(HttpStatusCode.OK, right.StatusCode);
        Assert.Equal("running", await StateAsync(sandbox));
    }

    [Fact]
    public async Task SecuredDaemon_WakesOnlyWithItsToken()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api, new { secure = true, autoResume = new { enabled = true }, network = new { allowPublicTraffic = false } });
        await sandbox.PauseAsync();

        foreach (var (path, headers) in ((string, (string, string)[])[])[
            ("/health", []), ("/health", [(DaemonToken, "wrong")]), ("/health", [(TrafficToken, (string)sandbox.Created["trafficAccessToken"]!)]), ("/files?path=/etc/hostname&signature=v1_abc", [])])
        {
            using var refused = await sandbox.GetAsync(49983, path, headers);
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
            Assert.Contains("can't be resumed with the credentials provided", await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }

        Assert.Equal("paused", await StateAsync(sandbox));
        using var health = await sandbox.GetAsync(49983, "/health", (DaemonToken, sandbox.Token!));
        Assert.Equal(HttpStatusCode.NoContent, health.StatusCode);
        Assert.Equal("running", await StateAsync(sandbox));
    }

    [Theory]
    [InlineData(null, 300)]
    [InlineData(60, 300)]
    [InlineData(420, 420)]
    public async Task WokenByTraffic_LastsAsLongAsItsCreateSaid_AndNoLessThanFiveMinutes(int? seconds, int expected)
    {
        var options = new JsonObject { ["templateID"] = "base", ["autoResume"] = new JsonObject { ["enabled"] = true } };
        if (seconds is { } timeout)
        {
            options["timeout"] = timeout;
        }

        var (_, created, _) = await ApiCall.SendAsync(HttpMethod.Post, "/v2/sandboxes", options.ToJsonString());
        await using var sandbox = TestSandbox.Of(installation.Api, created!.AsObject());
        await PauseTests.SendAsync(sandbox.Id, "timeout", """{"timeout":600}""");
        await sandbox.PauseAsync();

        await sandbox.OutputAsync("true");
        var woken = await sandbox.DetailAsync();
        Assert.Equal(expected, (PauseTests.Time(woken, "endAt") - PauseTests.Time(woken, "startedAt")).TotalSeconds, 0.001);

        await sandbox.OutputAsync("true");
        Assert.Equal((string)woken["endAt"]!, (string)(await sandbox.DetailAsync())["endAt"]!);
    }

    [Fact]
    public async Task Killed_NeverWakes()
    {
        await using var sandbox = await PausedServerAsync(new { autoResume = new { enabled = true } });
        (await sandbox.KillAsync()).Dispose();

        using var answer = await sandbox.GetAsync(Port, "/page");

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await ApiCall.SendAsync(HttpMethod.Get, $"/sandboxes/{sandbox.Id}")).Status);
    }

    [Fact]
    public async Task BeingKilled_NeverWakes()
    {
        await using var sandbox = await ServerAsync(new { autoResume = new { enabled = true } });
        using var step = await HeldStep.AtAsync("end.killed");
        var kill = sandbox.KillAsync();
        await step.ReachedAsync();

        using var answer = await sandbox.GetAsync(Port, "/page");

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        step.LetGo();
        (await kill).Dispose();
    }

    [Fact]
    public async Task AtItsEnd_PausedByItself_WakesWithTheNextRequest()
    {
        await using var sandbox = await ServerAsync(new { autoPause = true, autoResume = new { enabled = true } });
        await PauseTests.SendAsync(sandbox.Id, "timeout", """{"timeout":0}""");
        await Eventually.HoldsAsync(() => Records.EventsOfAsync(sandbox.Id), events => events.Contains("paused"), Patience);

        using var answer = await sandbox.GetAsync(Port, "/page");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var detail = await sandbox.DetailAsync();
        Assert.True((bool)detail["lifecycle"]!["autoResume"]!);
        Assert.Equal("pause", (string)detail["lifecycle"]!["onTimeout"]!);
    }

    [Fact]
    public async Task OverTheTeamsLimit_Is429_AndStaysPaused_BlockedIs403()
    {
        var (team, key) = await ApiCall.NewTeamAsync();
        await ApiCall.SendAsync(HttpMethod.Patch, $"/admin/teams/{team}/limits", """{"concurrentSandboxes":1}""", null, ("X-Admin-Token", ApiCall.AdminToken));
        var (_, made, _) = await ApiCall.SendAsync(HttpMethod.Post, "/sandboxes", """{"templateID":"base","timeout":600,"autoResume":{"enabled":true}}""", key);
        var path = $"/sandboxes/{(string)made!["sandboxID"]!}";
        await ApiCall.SendAsync(HttpMethod.Post, $"{path}/pause", null, key);
        var (_, other, _) = await ApiCall.SendAsync(HttpMethod.Post, "/v2/sandboxes", """{"templateID":"base"}""", key);

        var (status, message) = await AskAsync(made);
        Assert.Equal(HttpStatusCode.TooManyRequests, status);
        Assert.StartsWith("you have reached the maximum number of concurrent E2B sandboxes (1).", message, StringComparison.Ordinal);

        await ApiCall.SendAsync(HttpMethod.Delete, $"/sandboxes/{(string)other!["sandboxID"]!}", null, key);
        await Records.BlockAsync(team);
        Assert.Equal(HttpStatusCode.Forbidden, (await AskAsync(made)).Status);
        Assert.Equal("paused", (string)(await ApiCall.SendAsync(HttpMethod.Get, path, null, key)).Body!["state"]!);
        Assert.Equal(HttpStatusCode.NoContent, (await ApiCall.SendAsync(HttpMethod.Delete, path, null, key)).Status);
    }

    [Fact]
    public async Task WhatCannotGoTogether_IsRefusedAtCreate()
    {
        var (status, body, _) = await ApiCall.SendAsync(HttpMethod.Post, "/sandboxes", """{"templateID":"base","autoPause":true,"autoPauseMemory":false,"autoResume":{"enabled":true}}""");

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.StartsWith("autoPauseMemory=false (filesystem-only auto-pause) cannot be combined with autoResume", (string)body!["message"]!, StringComparison.Ordinal);
    }

    private static async Task<(HttpStatusCode Status, string Message)> AskAsync(JsonNode created)
    {
        var sandbox = TestSandbox.Of(new HttpClient(), created.AsObject());
        using var answer = await sandbox.GetAsync(Port);
        return (answer.StatusCode, (string)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["message"]!);
    }

    private static async Task<string> StateAsync(TestSandbox sandbox) => (string)(await sandbox.DetailAsync())["state"]!;

    private async Task<TestSandbox> PausedServerAsync(object options, bool withMemory = true)
    {
        var sandbox = await ServerAsync(options);
        await sandbox.PauseAsync(withMemory);
        return sandbox;
    }

    /// <summary>One that serves a page.</summary>
    private async Task<TestSandbox> ServerAsync(object options)
    {
        var sandbox = await TestSandbox.CreateAsync(installation.Api, options);
        await sandbox.OutputAsync($"echo served > page; nohup python3 -m http.server {Port} >/dev/null 2>&1 & until curl -s -o /dev/null localhost:{Port}/page; do :; done");
        return sandbox;
    }
}
