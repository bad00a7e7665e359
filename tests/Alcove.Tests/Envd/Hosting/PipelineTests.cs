using System.Net;
using Xunit;

namespace Alcove.Tests.Envd.Hosting;

/// <summary>What every request passes before it comes to an endpoint.</summary>
public sealed class PipelineTests
{
    private const string Refusal = "{\"code\":401,\"message\":\"unauthorized access, please provide a valid access token or method signing if supported\"}\n";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Preflight_OfASecuredSandbox_NeedsNoToken()
    {
        await using var host = await FilesHost.StartAsync();
        host.State.Current = host.State.Current with { AccessToken = "secret" };
        using var answer = await SendAsync(
            host, HttpMethod.Options, "/process.Process/Start", ("Origin", "https://a.example"), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "x-access-token,content-type"));
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal("*", Header(answer, "Access-Control-Allow-Origin"));
        Assert.Equal("POST", Header(answer, "Access-Control-Allow-Methods"));
        Assert.Equal("x-access-token,content-type", Header(answer, "Access-Control-Allow-Headers"));
        Assert.Equal("7200", Header(answer, "Access-Control-Max-Age"));
        Assert.Equal("Origin, Access-Control-Request-Method, Access-Control-Request-Headers", Header(answer, "Vary"));
        Assert.False(answer.Headers.Contains("Access-Control-Allow-Credentials"));
    }

    [Fact]
    public async Task Preflight_OfAnUnknownMethod_AllowsNothing()
    {
        await using var host = await FilesHost.StartAsync();
        using var answer = await SendAsync(host, HttpMethod.Options, "/files", ("Origin", "https://a.example"), ("Access-Control-Request-Method", "TRACE"));
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.False(answer.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Answer_ToABrowser_IsOpenToEveryOriginEvenWhenRefused()
    {
        await using var host = await FilesHost.StartAsync();
        host.State.Current = host.State.Current with { AccessToken = "secret" };
        foreach (var path in (string[])["/health", "/envs"])
        {
            using var answer = await SendAsync(host, HttpMethod.Get, path, ("Origin", "https://a.example"));
            Assert.Equal("*", Header(answer, "Access-Control-Allow-Origin"));
            Assert.Equal("Grpc-Status, Grpc-Message, Grpc-Status-Details-Bin, Location, Cache-Control, X-Content-Type-Options", Header(answer, "Access-Control-Expose-Headers"));
        }
    }

    [Theory]
    [InlineData("/freeze")]
    [InlineData("/unfreeze")]
    [InlineData("/collapse")]
    [InlineData("/fsfreeze")]
    [InlineData("/fsthaw")]
    [InlineData("/upgrade")]
    public async Task Request_ThatOnlyAVirtualMachineCouldServe_Is501(string path)
    {
        await using var host = await FilesHost.StartAsync();
        using var answer = await SendAsync(host, HttpMethod.Post, path);
        Assert.Equal(HttpStatusCode.NotImplemented, answer.StatusCode);
    }

    [Theory]
    [InlineData("GET", "/metrics")]
    [InlineData("GET", "/envs")]
    [InlineData("POST", "/files/compose")]
    [InlineData("POST", "/filesystem.Filesystem/Stat")]
    [InlineData("POST", "/filesystem.Filesystem/WatchDir")]
    [InlineData("POST", "/health")]
    [InlineData("DELETE", "/files")]
    [InlineData("GET", "/init")]
    [InlineData("POST", "/freeze")]
    [InlineData("GET", "/no/such/path")]
    public async Task Request_WithoutTheToken_IsRefusedInPlainHttp(string method, string path)
    {
        await using var host = await FilesHost.StartAsync();
        host.State.Current = host.State.Current with { AccessToken = "secret" };
        foreach (var token in (string?[])[null, "", "wrong", "Secret", "secretx"])
        {
            using var answer = await SendAsync(host, new HttpMethod(method), path, ("X-Access-Token", token));
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            Assert.Equal("application/json; charset=utf-8", answer.Content.Headers.ContentType?.ToString());
            Assert.Equal("nosniff", Header(answer, "X-Content-Type-Options"));
            Assert.Equal(Refusal, await answer.Content.ReadAsStringAsync(Cancelled));
        }

        using var allowed = await SendAsync(host, new HttpMethod(method), path, ("X-Access-Token", "secret"));
        Assert.NotEqual(HttpStatusCode.Unauthorized, allowed.StatusCode);
    }

    [Theory]
    [InlineData("GET", "/health", HttpStatusCode.NoContent)]
    [InlineData("GET", "/no/such/path", HttpStatusCode.NotFound)]
    [InlineData("POST", "/health", HttpStatusCode.MethodNotAllowed)]
    [InlineData("PUT", "/files", HttpStatusCode.MethodNotAllowed)]
    [InlineData("GET", "/files/compose", HttpStatusCode.MethodNotAllowed)]
    [InlineData("GET", "/filesystem.Filesystem/Stat", HttpStatusCode.MethodNotAllowed)]
    [InlineData("POST", "/upgrade", HttpStatusCode.NotImplemented)]
    public async Task Request_OfAnOpenSandbox_ComesToItsEndpoint(string method, string path, HttpStatusCode status)
    {
        await using var host = await FilesHost.StartAsync();
        using var answer = await SendAsync(host, new HttpMethod(method), path);
        Assert.Equal(status, answer.StatusCode);
    }

    [Theory]
    [InlineData("GET", "/health", null, HttpStatusCode.Unauthorized)]
    [InlineData("GET", "/files?path=a", null, HttpStatusCode.Unauthorized)]
    [InlineData("POST", "/filesystem.Filesystem/Stat", "application/json", HttpStatusCode.Unauthorized)]
    [InlineData("POST", "/filesystem.Filesystem/WatchDir", "application/connect+json", HttpStatusCode.OK)]
    public async Task Request_ForAnUnknownUser_IsRefusedEverywhere(string method, string path, string? type, HttpStatusCode status)
    {
        await using var host = await FilesHost.StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Headers = { Authorization = new("Basic", Convert.ToBase64String("ghost:any"u8)) } };
        if (type is not null)
        {
            request.Content = new ByteArrayContent([]) { Headers = { ContentType = new(type) } };
        }

        using var answer = await host.Http.SendAsync(request, Cancelled);
        Assert.Equal(status, answer.StatusCode);
        var text = await answer.Content.ReadAsStringAsync(Cancelled);
        Assert.Contains("\"code\":\"unauthenticated\",\"message\":\"invalid username: 'ghost'\"", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Basic bWU6")]
    [InlineData("Basic bWU6cGFzc3dvcmQ=")]
    [InlineData("Bearer ghost")]
    public async Task Request_ForAKnownUserOrByAnotherScheme_Passes(string authorization)
    {
        await using var host = await FilesHost.StartAsync();
        using var answer = await SendAsync(host, HttpMethod.Get, "/health", ("Authorization", authorization));
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
    }

    [Fact]
    public async Task Envs_SystemVariables_CannotBeOverridden()
    {
        await using var host = await FilesHost.StartAsync();
        host.State.Current = host.State.Current with { EnvVars = new Dictionary<string, string> { ["A"] = "\"1\"", ["E2B_SANDBOX"] = "no" } };
        Assert.Equal("{\"A\":\"\\\"1\\\"\",\"E2B_SANDBOX\":\"true\"}", await host.Http.GetStringAsync("/envs", Cancelled));
    }

    private static async Task<HttpResponseMessage> SendAsync(FilesHost host, HttpMethod method, string path, params (string Name, string? Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers.Where(header => header.Value is not null))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await host.Http.SendAsync(request, Cancelled);
    }

    private static string Header(HttpResponseMessage answer, string name) => string.Join(", ", answer.Headers.GetValues(name));
}
