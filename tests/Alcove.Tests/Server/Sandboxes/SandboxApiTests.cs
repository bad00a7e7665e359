using System.Globalization;
using System.Text.Json.Nodes;
using Alcove.Connect;
using Alcove.Protocol.Nodes;
using Alcove.Protocol.Sandboxes;
using Alcove.Tests.Server.Hosting;
using Xunit;

namespace Alcove.Tests.Server.Sandboxes;

/// <summary>Sandboxes from create to kill, through the API.</summary>
public sealed class SandboxApiTests(ApiHost host) : IClassFixture<ApiHost>
{
    [Theory]
    [InlineData("/sandboxes", 15, false)]
    [InlineData("/v2/sandboxes", 300, true)]
    public async Task Create_WithNothingButATemplate_TakesTheDefaultsOfItsGeneration(string route, int seconds, bool secured)
    {
        var made = (await host.SendAsync("POST", route, """{"templateID":"base","timeout":null,"secure":null,"unknown":{"a":[1]}}""")).Expect(201);
        Assert.Equal("base", (string)made["templateID"]!);
        Assert.Equal("6532622b", (string)made["clientID"]!);
        Assert.Equal(secured, made.AsObject().ContainsKey("envdAccessToken"));
        var detail = (await host.SendAsync("GET", $"/sandboxes/{made["sandboxID"]}-6532622b")).Expect(200);
        Assert.Equal(TimeSpan.FromSeconds(seconds), End(detail) - Start(detail));
        Assert.Equal("base", (string)detail["alias"]!);
        Assert.Equal("kill", (string)detail["lifecycle"]!["onTimeout"]!);
        Assert.Equal(secured, host.Routes.Find(Id(made))!.EnvdAccessToken is not null);
    }

    [Fact]
    public async Task Times_AreUtcAndSaySo()
    {
        var detail = (await host.SendAsync("GET", $"/sandboxes/{await host.CreateAsync()}")).Expect(200);
        Assert.All(["startedAt", "endAt"], name => Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$", (string)detail[name]!));
    }

    [Theory]
    [InlineData("a:0f8fad5b-d9cb-469f-a165-70867728950e", "Invalid name: tag cannot be a UUID")]
    [InlineData("a b", "Invalid name: ")]
    [InlineData("a:b:c", "Invalid name: ")]
    [InlineData("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhhhhhhhhiiiiiiiiiijjjjjjjjjjkkkkkkkkkkllllllllllmmmmmmmmm", "Invalid name: must have at most 128 characters")]
    public async Task Snapshot_OfANameThatCannotBeLookedUp_IsRefused(string name, string message) =>
        (await host.SendAsync("POST", $"/sandboxes/{SandboxId.New()}/snapshots", $$"""{"name":"{{name}}"}""")).ExpectError(400, message);

    [Theory]
    [InlineData("""{}""", 400, "validation error")]
    [InlineData("""{"templateID":5}""", 400, "validation error")]
    [InlineData("""{"templateID":"base","timeout":"5"}""", 400, "validation error")]
    [InlineData("""{"templateID":"base","metadata":{"a":1}}""", 400, "validation error")]
    [InlineData("""{"templateID":"base","mcp":3}""", 400, "validation error")]
    [InlineData("""{"templateID":"base","autoResume":{}}""", 400, "validation error")]
    [InlineData("""[""", 400, "validation error")]
    [InlineData("""{"templateID":"a b"}""", 400, "Invalid template reference: ")]
    [InlineData("""{"templateID":"base","timeout":0}""", 400, "Timeout must be greater than 0")]
    [InlineData("""{"templateID":"base","timeout":86401}""", 400, "Timeout cannot be greater than 24 hours")]
    [InlineData("""{"templateID":"base","autoPauseMemory":false}""", 400, "autoPauseMemory=false only applies when autoPause is true.")]
    [InlineData("""{"templateID":"base","autoPause":true,"autoPauseMemory":false,"autoResume":{"enabled":true}}""", 400, "autoPauseMemory=false (filesystem-only auto-pause) cannot be combined with autoResume: ")]
    [InlineData("""{"templateID":"base","volumeMounts":[{"name":"v","path":"/v"}]}""", 400, "Volume mounts are not enabled.")]
    [InlineData("""{"templateID":"base","iam":{"tokens":{}}}""", 400, "Sandbox IAM workload tokens are not available for your team.")]
    [InlineData("""{"templateID":"base","network":{"rules":{}}}""", 400, "Network transform rules are not available for your team.")]
    [InlineData("""{"templateID":"base","network":{"egressProxy":{"address":"a:1"}}}""", 403, "Egress proxy (network.egressProxy) is not enabled for this team.")]
    [InlineData("""{"templateID":"base","network":{"httpsPorts":[443]}}""", 400, "network.httpsPorts is not supported by this version of Alcove")]
    [InlineData("""{"templateID":"base","network":{"denyOut":["1.1.1.1"]}}""", 400, "network.denyOut is not supported by this version of Alcove")]
    [InlineData("""{"templateID":"base","network":{"allowOut":["1.1.1.1"]}}""", 400, "network.allowOut is not supported by this version of Alcove")]
    [InlineData("""{"templateID":"base","network":{"denyOut":["x"]}}""", 400, "invalid denied CIDR x")]
    [InlineData("""{"templateID":"base","network":{"denyOut":["0.0.0.0/8"]}}""", 400, "invalid denied CIDR 0.0.0.0/8")]
    [InlineData("""{"templateID":"base","network":{"allowOut":[""]}}""", 400, "invalid allowed address ")]
    [InlineData("""{"templateID":"base","network":{"allowOut":["a.example"]}}""", 400, "When specifying allowed domains in allow out, you must include 'ALL_TRAFFIC' in deny out to block all other traffic.")]
    [InlineData("""{"templateID":"base","network":{"maskRequestHost":"a b"}}""", 400, "mask request host is not valid: a b")]
    [InlineData("""{"templateID":"base","network":{"maskRequestHost":"ü.example"}}""", 400, "mask request host 'ü.example' is not ASCII. Please use ASCII characters only.")]
    [InlineData("""{"templateID":"base","network":{"allowPublicTraffic":false}}""", 400, "You cannot create a sandbox without public access unless you enable secure envd access via 'secure' flag.")]
    [InlineData("""{"templateID":"nosuch"}""", 404, "template 'nosuch' not found")]
    [InlineData("""{"templateID":"base:v9"}""", 404, "tag 'v9' does not exist for template 'base'")]
    public async Task Create_WithWhatCannotBe_SaysWhy(string body, int status, string message) =>
        (await host.SendAsync("POST", "/sandboxes", body)).ExpectError(status, message);

    [Fact]
    public async Task Create_WithDefaultTagAndPrivateIngress_EchoesThemAndKeepsTokens()
    {
        var made = (await host.SendAsync("POST", "/v2/sandboxes", """{"templateID":"base:default","metadata":{"a":"b"},"allow_internet_access":false,"network":{"allowPublicTraffic":false,"maskRequestHost":"x:${PORT}"}}""")).Expect(201);
        Assert.Equal(64, ((string)made["trafficAccessToken"]!).Length);
        var detail = (await host.SendAsync("GET", $"/sandboxes/{made["sandboxID"]}")).Expect(200);
        Assert.Equal("b", (string)detail["metadata"]!["a"]!);
        Assert.False((bool)detail["allowInternetAccess"]!);
        Assert.Equal("x:${PORT}", (string)detail["network"]!["maskRequestHost"]!);
        Assert.Equal((string)made["envdAccessToken"]!, (string)detail["envdAccessToken"]!);
    }

    [Theory]
    [InlineData("e2b-js-sdk/2.51.0", false)]
    [InlineData("curl/8.0", true)]
    public async Task Create_ByAnSdk_GetsTheBaseDomain_OthersTheirOwn(string agent, bool isOwn)
    {
        var made = (await host.SendAsync("POST", "/sandboxes", """{"templateID":"base"}""", null, ("User-Agent", agent))).Expect(201);
        Assert.Equal(isOwn ? $"{made["sandboxID"]}.localhost:3002" : "localhost:3002", (string)made["domain"]!);
    }

    [Theory]
    [InlineData(ConnectCode.ResourceExhausted, 503, "sandbox_capacity_unavailable")]
    [InlineData(ConnectCode.FailedPrecondition, 503, "sandbox_no_compatible_node")]
    [InlineData(ConnectCode.DeadlineExceeded, 504, "sandbox_placement_timeout")]
    [InlineData(ConnectCode.Internal, 500, "sandbox_create_failed")]
    public async Task Create_WhenTheNodeFails_LeavesNothingBehind(ConnectCode code, int status, string errorCode)
    {
        var (_, key) = await host.NewTeamAsync();
        host.Node.OnCreate = request => throw new ConnectException(code, "no room");
        try
        {
            Assert.Equal(errorCode, (string)(await host.SendAsync("POST", "/v2/sandboxes", """{"templateID":"base"}""", key)).Expect(status)["error_code"]!);
        }
        finally
        {
            host.Node.OnCreate = _ => Task.CompletedTask;
        }

        Assert.Empty((await host.SendAsync("GET", "/v2/sandboxes", null, key)).Expect(200).AsArray());
    }

    [Fact]
    public async Task Create_AtTheLimitInParallel_LetsExactlyThatManyPass()
    {
        var (team, key) = await host.NewTeamAsync();
        (await host.AdminAsync("PATCH", $"/admin/teams/{team}/limits", """{"concurrentSandboxes":2}""")).Expect(200);
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => host.SendAsync("POST", "/v2/sandboxes", """{"templateID":"base"}""", key)));
        Assert.Equal(2, answers.Count(answer => answer.Status == 201));
        Assert.All(answers.Where(answer => answer.Status != 201), answer =>
        {
            answer.ExpectError(429, "you have reached the maximum number of concurrent E2B sandboxes (2). If you need more, please visit 'https://e2b.dev/docs/billing'");
            Assert.DoesNotContain("Retry-After", answer.Headers.Keys);
        });
        var id = (string)answers.First(answer => answer.Status == 201).Json!["sandboxID"]!;
        Assert.Equal(204, (await host.SendAsync("DELETE", $"/sandboxes/{id}", null, key)).Status);
        await host.CreateAsync(key: key);
    }

    [Fact]
    public async Task Kill_InParallelAndAgain_RemovesOnce()
    {
        var id = await host.CreateAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => host.SendAsync("DELETE", $"/sandboxes/{id}")));
        Assert.Contains(204, answers.Select(answer => answer.Status));
        Assert.All(answers, answer => Assert.True(answer.Status is 204 or 404));
        (await host.SendAsync("DELETE", $"/sandboxes/{id}")).ExpectError(404, $"Sandbox \"{id}\" doesn't exist or you don't have access to it");
        Assert.False(host.Node.Runs.ContainsKey(id));
        Assert.Null(host.Routes.Find(SandboxId.Parse(id)));
    }

    [Fact]
    public async Task Kill_ThatTheNodeRefuses_IsTriedAgainWithTheNextHeartbeat()
    {
        var id = await host.CreateAsync();
        host.Node.OnKill = request => request.SandboxId == id ? throw new ConnectException(ConnectCode.Internal, "busy") : Task.CompletedTask;
        Assert.Equal(204, (await host.SendAsync("DELETE", $"/sandboxes/{id}")).Status);
        (await host.SendAsync("GET", $"/sandboxes/{id}")).Expect(404);
        host.Node.OnKill = _ => Task.CompletedTask;
        await host.Node.TellAsync(new NodeEvent { Heartbeat = new NodeEvent.Types.Heartbeat() });
        await host.Node.KilledAsync(id);
    }

    [Fact]
    public async Task RunEnded_OfARunningSandbox_RemovesIt()
    {
        var id = await host.CreateAsync();
        await host.Node.TellAsync(new NodeEvent { RunEnded = new NodeEvent.Types.RunEnded { SandboxId = id, Incarnation = 1, Reason = "out of memory" } });
        await host.Node.KilledAsync(id);
        await Eventually.HoldsAsync(async () => (await host.SendAsync("GET", $"/sandboxes/{id}")).Status == 404);
    }

    [Fact]
    public async Task Expiry_WhenTheEndComes_WithdrawsTheRouteAndKills()
    {
        var id = await host.CreateAsync(",\"timeout\":2");
        host.Time.Advance(TimeSpan.FromSeconds(3));
        (await host.SendAsync("GET", $"/sandboxes/{id}")).Expect(404);
        await host.Node.KilledAsync(id);
        Assert.Null(host.Routes.Find(SandboxId.Parse(id)));
    }

    [Fact]
    public async Task Times_SetExtendAndConnect_MoveTheEndAsTheyShould()
    {
        var id = await host.CreateAsync(",\"timeout\":600");
        var end = await EndAsync(id);
        Assert.Equal(204, (await host.SendAsync("POST", $"/sandboxes/{id}/refreshes", "{}")).Status);
        Assert.Equal(200, (await host.SendAsync("POST", $"/v2/sandboxes/{id}/connect")).Status);
        Assert.Equal(200, (await host.SendAsync("POST", $"/sandboxes/{id}/connect", """{"timeout":30}""")).Status);
        Assert.Equal(end, await EndAsync(id));
        Assert.Equal(204, (await host.SendAsync("POST", $"/sandboxes/{id}/refreshes", """{"duration":3600}""")).Status);
        Assert.Equal(end.AddSeconds(3000), await EndAsync(id), TimeSpan.FromSeconds(5));
        Assert.Equal(204, (await host.SendAsync("POST", $"/sandboxes/{id}/timeout", """{"timeout":60}""")).Status);
        Assert.True(await EndAsync(id) < end);
        Assert.Equal(204, (await host.SendAsync("POST", $"/sandboxes/{id}/timeout", """{"timeout":2000000000}""")).Status);
        var detail = (await host.SendAsync("GET", $"/sandboxes/{id}")).Expect(200);
        Assert.Equal(TimeSpan.FromHours(24), End(detail) - Start(detail));
    }

    [Theory]
    [InlineData("/sandboxes/inosuch/connect", "{}", 400, "validation error")]
    [InlineData("/sandboxes/inosuch/connect", """{"timeout":1}""", 404, "Sandbox \"inosuch\" doesn't exist or you don't have access to it")]
    [InlineData("/v2/sandboxes/not_valid/connect", """{"timeout":90000}""", 400, "Timeout cannot be greater than 24 hours")]
    [InlineData("/v2/sandboxes/not_valid/connect", "{}", 400, "Invalid sandbox ID")]
    [InlineData("/sandboxes/a-b-c/timeout", """{"timeout":1}""", 400, "Invalid sandbox ID")]
    [InlineData("/sandboxes/inosuch/timeout", """{"timeout":-1}""", 400, "validation error")]
    [InlineData("/sandboxes/inosuch/timeout", """{"timeout":1}""", 404, "Sandbox \"inosuch\"")]
    [InlineData("/sandboxes/inosuch/refreshes", """{"duration":3601}""", 400, "validation error")]
    [InlineData("/sandboxes/inosuch/refreshes", "{}", 404, "Sandbox \"inosuch\"")]
    [InlineData("/sandboxes/inosuch/pause", "", 404, "Sandbox \"inosuch\" doesn't exist or you don't have access to it")]
    [InlineData("/sandboxes/inosuch/resume", "", 404, "Sandbox \"inosuch\" doesn't exist or you don't have access to it")]
    [InlineData("/sandboxes/inosuch/fork", "", 404, "Sandbox \"inosuch\" doesn't exist or you don't have access to it")]
    [InlineData("/sandboxes/inosuch/snapshots", "{}", 404, "Sandbox \"inosuch\" doesn't exist or you don't have access to it")]
    [InlineData("/sandboxes/inosuch/snapshots", "", 400, "validation error")]
    [InlineData("/sandboxes/inosuch/fork", """{"count":0}""", 400, "validation error")]
    [InlineData("/sandboxes/inosuch/fork", """{"count":101}""", 400, "validation error")]
    [InlineData("/sandboxes/inosuch/fork", """{"count":100}""", 400, "Count must be lower than the maximum number of concurrent sandboxes (100)")]
    [InlineData("/sandboxes/inosuch/fork", """{"timeout":0}""", 400, "Timeout must be greater than 0")]
    [InlineData("/sandboxes/inosuch/resume", """{"timeout":90000}""", 400, "Timeout cannot be greater than 24 hours")]
    public async Task Verbs_OnWhatIsNotThere_SayWhy(string path, string body, int status, string message) =>
        (await host.SendAsync("POST", path, body)).ExpectError(status, message);

    [Fact]
    public async Task ForeignSandbox_IsMissingForEveryVerb()
    {
        var id = await host.CreateAsync();
        var (_, key) = await host.NewTeamAsync();
        foreach (var (method, path, body) in new[] { ("GET", "", null), ("DELETE", "", null), ("POST", "/timeout", """{"timeout":1}"""), ("POST", "/refreshes", "{}"), ("POST", "/connect", """{"timeout":1}""") })
        {
            (await host.SendAsync(method, $"/sandboxes/{id}{path}", body, key)).ExpectError(404, $"Sandbox \"{id}\" doesn't exist or you don't have access to it");
        }

        Assert.Empty((await host.SendAsync("GET", "/sandboxes", null, key)).Expect(200).AsArray());
    }

    [Fact]
    public async Task List_PageByPage_ShowsEachOnceInEitherOrder()
    {
        var (_, key) = await host.NewTeamAsync();
        var made = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            made.Add(await host.CreateAsync(key: key));
        }

        var down = await host.WalkAsync("/v2/sandboxes?limit=1", key);
        var up = await host.WalkAsync("/v2/sandboxes?limit=1&order=asc", key);
        Assert.Equal(made.Order(), down.Order());
        Assert.Equal(down.AsEnumerable().Reverse(), up);
        var token = (await host.SendAsync("GET", "/v2/sandboxes?limit=1", null, key)).Headers["X-Next-Token"];
        (await host.SendAsync("GET", $"/v2/sandboxes?order=asc&nextToken={Uri.EscapeDataString(token)}", null, key)).ExpectError(400, "Invalid next token");
    }

    [Fact]
    public async Task List_ByMetadataStateAndStart_Filters()
    {
        var (_, key) = await host.NewTeamAsync();
        var id = await host.CreateAsync(""","metadata":{"a b":"1&2=+%"}""", key);
        await host.CreateAsync(key: key);
        var inner = $"{Uri.EscapeDataString("a b")}={Uri.EscapeDataString("1&2=+%")}";
        var filter = Uri.EscapeDataString(Uri.EscapeDataString(inner));
        var answer = await host.SendAsync("GET", $"/v2/sandboxes?metadata={filter}&state=running&state=paused", null, key);
        Assert.Equal(id, (string)Assert.Single(answer.Expect(200).AsArray())!["sandboxID"]!);
        Assert.Equal("1", answer.Headers["X-Total-Running"]);
        Assert.Single((await host.SendAsync("GET", $"/sandboxes?metadata={filter}", null, key)).Expect(200).AsArray());
        var paused = await host.SendAsync("GET", "/v2/sandboxes?state=paused", null, key);
        Assert.Empty(paused.Expect(200).AsArray());
        Assert.DoesNotContain("X-Total-Running", paused.Headers.Keys);
        var start = (string)answer.Json![0]!["startedAt"]!;
        Assert.Contains(id, (await host.SendAsync("GET", $"/v2/sandboxes?startedAfter={Uri.EscapeDataString(start)}", null, key)).Text);
        var template = await host.SendAsync("GET", "/v2/sandboxes?template=nosuch", null, key);
        Assert.Equal(("[]", "0"), (template.Text, template.Headers["X-Total-Running"]));
    }

    [Theory]
    [InlineData("limit=0", "validation error")]
    [InlineData("limit=101", "validation error")]
    [InlineData("state=pausing", "validation error")]
    [InlineData("order=up", "validation error")]
    [InlineData("startedAfter=x", "validation error")]
    [InlineData("nextToken=x", "Invalid next token")]
    [InlineData("metadata=x", "Error parsing metadata")]
    [InlineData("metadata=%25zz%3D1", "Error parsing metadata")]
    [InlineData("template=base%3Av1", "Invalid template: tags are not supported here because sandboxes are not tag-scoped")]
    public async Task List_WithBadParameters_Is400(string query, string message) => (await host.SendAsync("GET", $"/v2/sandboxes?{query}")).ExpectError(400, message);

    private static SandboxId Id(JsonNode sandbox) => SandboxId.Parse((string)sandbox["sandboxID"]!);

    private static DateTimeOffset Start(JsonNode sandbox) => DateTimeOffset.Parse((string)sandbox["startedAt"]!, CultureInfo.InvariantCulture);

    private static DateTimeOffset End(JsonNode sandbox) => DateTimeOffset.Parse((string)sandbox["endAt"]!, CultureInfo.InvariantCulture);

    private async Task<DateTimeOffset> EndAsync(string id) => End((await host.SendAsync("GET", $"/sandboxes/{id}")).Expect(200));
}
