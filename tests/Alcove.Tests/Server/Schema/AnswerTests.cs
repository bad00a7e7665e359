using System.Text.Json.Nodes;
using Alcove.Control.Teams;
using Alcove.Tests.Envd.Hosting;
using Alcove.Tests.Server.Hosting;
using Xunit;

namespace Alcove.Tests.Server.Schema;

/// <summary>Every kind of answer has the fields, types and words that strict clients read.</summary>
public sealed class AnswerTests(ApiHost host) : IClassFixture<ApiHost>
{
    [Fact]
    public async Task Sandboxes_InEveryState_AreAsDescribed()
    {
        var (_, key) = await host.NewTeamAsync();
        Expect(await host.SendAsync("POST", "/sandboxes", """{"templateID":"base","metadata":{"a":"b"}}""", key), 201, "Sandbox");
        var made = await host.SendAsync("POST", "/v2/sandboxes", """{"templateID":"base","allow_internet_access":true,"network":{"allowPublicTraffic":false,"maskRequestHost":"a:${PORT}"},"autoResume":{"enabled":false}}""", key);
        Expect(made, 201, "Sandbox");
        var id = (string)made.Json!["sandboxID"]!;
        await SeenAsync(id, key);
        Expect(await host.SendAsync("POST", $"/v2/sandboxes/{id}/connect", "{}", key), 200, "Sandbox");
        Expect(await host.SendAsync("POST", $"/sandboxes/{id}/snapshots", """{"name":"kept"}""", key), 201, "Snapshot");
        Expect(await host.SendAsync("GET", "/snapshots", null, key), 200, "Snapshot[]");
        Expect(await host.SendAsync("POST", $"/sandboxes/{id}/fork", """{"count":2}""", key), 201, "ForkedSandbox[]");
        Empty(await host.SendAsync("POST", $"/sandboxes/{id}/timeout", """{"timeout":600}""", key));
        Empty(await host.SendAsync("POST", $"/sandboxes/{id}/refreshes", "{}", key));
        Empty(await host.SendAsync("POST", $"/sandboxes/{id}/pause", null, key));
        await SeenAsync(id, key);
        Expect(await host.SendAsync("POST", $"/sandboxes/{id}/resume", null, key), 201, "Sandbox");
        Empty(await host.SendAsync("DELETE", $"/sandboxes/{id}", null, key));
        Expect(await host.SendAsync("DELETE", $"/sandboxes/{id}", null, key), 404, "Error");
    }

    [Fact]
    public async Task TemplatesTeamsKeysAndNodes_AreAsDescribed()
    {
        Expect(await host.SendAsync("GET", "/templates"), 200, "Template[]");
        Expect(await host.SendAsync("GET", "/v2/templates"), 200, "Template[]");
        Expect(await host.SendAsync("GET", "/templates/base"), 200, "TemplateWithBuilds");
        Expect(await host.SendAsync("GET", "/templates/aliases/base"), 200, "TemplateAlias");
        Expect(await host.SendAsync("GET", "/templates/aliases/nosuch"), 404, "Error");
        Expect(await host.SendAsync("GET", "/teams", null, string.Empty, ("Authorization", $"Bearer {WellKnown.AccessToken}")), 200, "Team[]");
        Expect(await host.AdminAsync("GET", "/nodes"), 200, "Node[]");
        Expect(await host.AdminAsync("GET", $"/nodes/{FakeNode.Id}"), 200, "NodeDetail");
        var (team, key) = await host.NewTeamAsync();
        Expect(await host.AdminAsync("POST", $"/admin/teams/{team}/api-keys", """{"name":"k"}"""), 201, "NewKey");
        await host.CreateAsync(key: key);
        Expect(await host.AdminAsync("GET", "/admin/sandboxes/running-counts"), 200, "map of int32 from 1");
        Expect(await host.AdminAsync("POST", $"/admin/teams/{team}/sandboxes/kill"), 200, "KillCounts");
        Expect(await host.SendAsync("PUT", "/sandboxes/i1/network", "{}"), 501, "Error");
    }

    [Fact]
    public async Task DaemonsAnswers_AreAsDescribed()
    {
        await using var daemon = await FilesHost.StartAsync();
        using var health = await daemon.Http.GetAsync("/health", TestContext.Current.CancellationToken);
        Assert.Equal((204, string.Empty), ((int)health.StatusCode, await health.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
        await DaemonAsync(daemon, "GET", "/metrics", null, 200, "Usage");
        await DaemonAsync(daemon, "GET", "/envs", null, 200, "map of text");
        await DaemonAsync(daemon, "POST", "/files?path=a", new ByteArrayContent([1]) { Headers = { ContentType = new("application/octet-stream") } }, 200, "WrittenFile[]");
        await DaemonAsync(daemon, "POST", "/files/compose", new StringContent("""{"source_paths":["a"],"destination":"b"}"""), 200, "WrittenFile");
        await DaemonAsync(daemon, "GET", "/files?path=nothing", null, 404, "Error");
        await DaemonAsync(daemon, "POST", "/files/compose", new StringContent("{}"), 400, "Error");
        daemon.State.Current = daemon.State.Current with { AccessToken = "secret" };
        await DaemonAsync(daemon, "GET", "/metrics", null, 401, "Error");
    }

    [Theory]
    [InlineData("""{"code":"404","message":"x"}""", "$.code is not int32: \"404\"")]
    [InlineData("""{"code":404}""", "$.message is missing")]
    [InlineData("""{"code":404,"message":null}""", "$.message is null")]
    [InlineData("""{"code":404,"message":"x","Code":1}""", "$.Code is not described")]
    [InlineData("[]", "$ is no object")]
    public void Faults_OfWhatIsOtherwise_AreFound(string answer, string fault) => Assert.Equal([fault], Described.Faults(JsonNode.Parse(answer), "Error"));

    private async Task SeenAsync(string id, string key)
    {
        Expect(await host.SendAsync("GET", $"/sandboxes/{id}", null, key), 200, "SandboxDetail");
        Expect(await host.SendAsync("GET", "/v2/sandboxes", null, key), 200, "ListedSandbox[]");
        Expect(await host.SendAsync("GET", "/sandboxes", null, key), 200, "ListedSandbox[]");
    }

    private static void Expect(ApiAnswer answer, int status, string type) => Assert.Empty(Described.Faults(answer.Expect(status), type));

    private static void Empty(ApiAnswer answer) => Assert.Equal((204, string.Empty), (answer.Status, answer.Text));

    private static async Task DaemonAsync(FilesHost daemon, string method, string path, HttpContent? content, int status, string type)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = content };
        using var answer = await daemon.Http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True((int)answer.StatusCode == status, $"{path}: {(int)answer.StatusCode} {text}");
        Assert.Empty(Described.Faults(JsonNode.Parse(text), type));
    }
}
