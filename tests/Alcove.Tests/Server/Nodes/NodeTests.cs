using Alcove.Tests.Server.Hosting;
using Xunit;

namespace Alcove.Tests.Server.Nodes;

/// <summary>What operators see of nodes, and what they say of them.</summary>
public sealed class NodeTests(ApiHost host) : IClassFixture<ApiHost>, IAsyncLifetime
{
    private const string Path = "/nodes/" + FakeNode.Id;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync() => await SetAsync("ready");

    [Fact]
    public async Task Node_IsListedWithWhatRunsThere()
    {
        var before = (await host.AdminAsync("GET", Path)).Expect(200);
        var id = await host.CreateAsync();
        var node = Assert.Single((await host.AdminAsync("GET", "/nodes")).Expect(200).AsArray())!;
        Assert.Equal((FakeNode.Id, "ready", 0), ((string)node["id"]!, (string)node["status"]!, (int)node["sandboxStartingCount"]!));
        Assert.Equal((int)before["sandboxCount"]! + 1, (int)node["sandboxCount"]!);
        Assert.Equal((long)before["createSuccesses"]! + 1, (long)node["createSuccesses"]!);
        Assert.Equal((long)before["metrics"]!["allocatedCPU"]! + 2, (long)node["metrics"]!["allocatedCPU"]!);
        Assert.Equal((long)before["metrics"]!["allocatedMemoryBytes"]! + (512L << 20), (long)node["metrics"]!["allocatedMemoryBytes"]!);
        Assert.False(before.AsObject().ContainsKey("sandboxStartingCount"));
        Assert.Empty((await host.AdminAsync("GET", $"/nodes?clusterID={Guid.NewGuid()}")).Expect(200).AsArray());
        await host.SendAsync("DELETE", $"/sandboxes/{id}");
    }

    [Theory]
    [InlineData("draining")]
    [InlineData("standby")]
    public async Task Node_ThatTakesNoMore_RefusesNewSandboxesAlone_AlsoAfterARestart(string status)
    {
        var id = await host.CreateAsync(",\"timeout\":3600");
        Assert.Equal(204, (await SetAsync(status)).Status);
        await RefusedAsync();
        await host.RestartAsync();
        await RefusedAsync();
        Assert.Equal(status, (string)(await host.AdminAsync("GET", Path)).Expect(200)["status"]!);

        // What is there goes on: it is put away and taken up again where its memory is.
        Assert.Equal(204, (await host.SendAsync("POST", $"/sandboxes/{id}/pause")).Status);
        Assert.Equal(201, (await host.SendAsync("POST", $"/v2/sandboxes/{id}/connect")).Status);
        Assert.Equal(204, (await SetAsync("ready")).Status);
        await host.SendAsync("DELETE", $"/sandboxes/{await host.CreateAsync()}");
        await host.SendAsync("DELETE", $"/sandboxes/{id}");
    }

    [Theory]
    [InlineData("POST", Path, """{"status":"connecting"}""", 409)]
    [InlineData("POST", Path, """{"status":"unhealthy"}""", 409)]
    [InlineData("POST", Path, """{"status":"gone"}""", 400)]
    [InlineData("POST", Path, "{}", 400)]
    [InlineData("POST", Path, """{"status":"ready","clusterID":"x"}""", 400)]
    [InlineData("POST", Path, """{"status":"ready","clusterID":"11111111-1111-4111-8111-111111111111"}""", 404)]
    [InlineData("POST", "/nodes/nosuch", """{"status":"ready"}""", 404)]
    [InlineData("GET", "/nodes/nosuch", null, 404)]
    [InlineData("GET", "/nodes?clusterID=x", null, 400)]
    public async Task Nodes_AskedForWhatCannotBe_SayWhy(string method, string path, string? body, int status) => (await host.AdminAsync(method, path, body)).ExpectError(status, string.Empty);

    [Fact]
    public async Task Nodes_AreForAdminsAlone()
    {
        (await host.SendAsync("GET", "/nodes")).ExpectError(401, "authorization header is missing");
        (await host.SendAsync("POST", Path, """{"status":"draining"}""")).ExpectError(401, "authorization header is missing");
    }

    private Task<ApiAnswer> SetAsync(string status) => host.AdminAsync("POST", Path, $$"""{"status":"{{status}}"}""");

    private async Task RefusedAsync()
    {
        var answer = await host.SendAsync("POST", "/v2/sandboxes", """{"templateID":"base"}""");
        answer.ExpectError(503, "Failed to place sandbox: no node takes new sandboxes at present");
        Assert.Equal("sandbox_no_compatible_node", (string)answer.Json!["error_code"]!);
    }
}
