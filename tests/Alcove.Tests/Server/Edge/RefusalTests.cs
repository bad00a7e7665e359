using System.Net;
using Alcove.Server.Edge;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Alcove.Tests.Server.Edge;

/// <summary>The contract's table of error pages, and who gets which form.</summary>
public sealed class RefusalTests
{
    private const string Browser = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0";

    [Theory]
    [InlineData(null, null, null, null, false)]
    [InlineData(null, null, null, "curl/8.5.0", false)]
    [InlineData(null, null, null, "e2b-js-sdk/2.51.0", false)]
    [InlineData(null, null, null, Browser, true)]
    [InlineData(null, null, null, "SomeThing OPERA/1", true)]
    [InlineData(null, null, null, "x MSIE 6.0", true)]
    [InlineData("application/json", null, null, Browser, false)]
    [InlineData("text/html,application/json", null, null, Browser, true)]
    [InlineData("text/html", null, null, "curl/8.5.0", false)]
    [InlineData("*/*", "cors", null, Browser, false)]
    [InlineData("*/*", "no-cors", null, Browser, false)]
    [InlineData("*/*", "same-origin", null, Browser, false)]
    [InlineData("*/*", "websocket", null, Browser, false)]
    [InlineData("*/*", "navigate", null, Browser, true)]
    [InlineData("*/*", "navigate", "XMLHttpRequest", Browser, true)]
    [InlineData("*/*", null, "XMLHttpRequest", Browser, false)]
    [InlineData("*/*", "other", "XMLHttpRequest", Browser, false)]
    [InlineData("*/*", "other", null, Browser, true)]
    [InlineData("application/json", "navigate", null, Browser, false)]
    public void IsPerson_ByWhatTheRequestSays(string? accept, string? mode, string? requestedWith, string? agent, bool expected)
    {
        var headers = new HeaderDictionary { ["Accept"] = accept, ["Sec-Fetch-Mode"] = mode, ["X-Requested-With"] = requestedWith, ["User-Agent"] = agent };

        Assert.Equal(expected, ReaderKind.IsPerson(headers));
    }

    [Fact(Timeout = 20_000)]
    public async Task UnknownSandbox_Is502()
    {
        await using var edge = await EdgeHost.StartAsync();

        var answer = await Answer.OfAsync(edge.SendAsync("3210-abc.localhost"));
        var page = await PageAsync(edge, "3210-abc.localhost");

        Assert.Equal(new Answer(HttpStatusCode.BadGateway, "application/json; charset=utf-8", """{"sandboxId":"abc","message":"The sandbox was not found","code":502}"""), answer);
        Assert.Equal(HttpStatusCode.BadGateway, page.Status);
        Assert.Contains("Sandbox Not Found", page.Body, StringComparison.Ordinal);
        Assert.Contains("abc", page.Body, StringComparison.Ordinal);
    }

    [Fact(Timeout = 20_000)]
    public async Task ClosedPort_Is502WithItsNumber()
    {
        await using var edge = await EdgeHost.StartAsync();
        var route = edge.AddRoute();

        var answer = await Answer.OfAsync(edge.SendAsync($"3210-{route.Id}.localhost"));
        var page = await PageAsync(edge, $"3210-{route.Id}.localhost");

        Assert.Equal(
            new Answer(HttpStatusCode.BadGateway, "application/json; charset=utf-8", $$"""{"sandboxId":"{{route.Id}}","message":"The sandbox is running but port is not open","port":3210,"code":502}"""),
            answer);
        Assert.Equal(HttpStatusCode.BadGateway, page.Status);
        Assert.All(["Closed Port Error", "no service running on port", "3210", route.Id.Value], text => Assert.Contains(text, page.Body, StringComparison.Ordinal));
    }

    [Theory(Timeout = 20_000)]
    [InlineData("70000")]
    [InlineData("0")]
    [InlineData("18446744073709551615")]
    public async Task PortThatCannotBe_Is502WithoutTrying(string port)
    {
        await using var edge = await EdgeHost.StartAsync();
        var route = edge.AddRoute();

        var answer = await Answer.OfAsync(edge.SendAsync($"{port}-{route.Id}.localhost"));

        Assert.Equal(HttpStatusCode.BadGateway, answer.Status);
        Assert.Equal(port, answer.Json.GetProperty("port").GetRawText());
    }

    [Theory(Timeout = 20_000)]
    [InlineData("GET", "/init")]
    [InlineData("POST", "/init")]
    [InlineData("DELETE", "//init/")]
    [InlineData("POST", "/%69nit?x=y")]
    public async Task InternalPath_IsRefusedBeforeTheSandboxIsLookedUp(string method, string path)
    {
        await using var edge = await EdgeHost.StartAsync(wake: _ => throw new InvalidOperationException("looked up"));

        var answer = await Answer.OfAsync(edge.SendAsync("49983-abc.localhost", path, request => request.Method = new HttpMethod(method)));
        var page = await PageAsync(edge, "49983-abc.localhost", path);

        Assert.Equal(
            new Answer(HttpStatusCode.NotFound, "application/json; charset=utf-8", """{"message":"This endpoint is reserved for the E2B control plane and is not reachable through the sandbox URL","path":"/init","code":404}"""),
            answer);
        Assert.Equal(HttpStatusCode.NotFound, page.Status);
        Assert.All(["Endpoint Not Available", "/init"], text => Assert.Contains(text, page.Body, StringComparison.Ordinal));
    }

    [Theory(Timeout = 20_000)]
    [InlineData(null)]
    [InlineData("wrong")]
    [InlineData("the-token")]
    public async Task Init_WithAnyToken_IsRefused(string? token)
    {
        await using var edge = await EdgeHost.StartAsync();
        var route = edge.AddRoute(envdToken: "the-token");

        var answer = await Answer.OfAsync(edge.SendAsync("localhost", "/init", request =>
        {
            request.Method = HttpMethod.Post;
            request.Headers.Add("E2b-Sandbox-Id", route.Id.Value);
            request.Headers.Add("E2b-Sandbox-Port", "49983");
            request.Headers.Add("X-Access-Token", token);
        }));

        Assert.Equal(HttpStatusCode.NotFound, answer.Status);
    }

    [Fact(Timeout = 20_000)]
    public async Task InternalPath_OnAnotherPort_IsTheUsersOwn()
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox();
        var route = edge.AddRoute(sandbox.Address);

        var sending = Answer.OfAsync(edge.SendAsync($"{sandbox.Port}-{route.Id}.localhost", "/init"));
        await sandbox.AnswerAsync();

        Assert.Equal("ok", (await sending).Body);
    }

    [Theory(Timeout = 20_000)]
    [InlineData("example.com", "Invalid host")]
    [InlineData("80-A.example.com", "Invalid sandbox ID")]
    [InlineData("x-abc.example.com", "Invalid sandbox port")]
    public async Task BadHost_Is400InPlainText(string host, string text)
    {
        await using var edge = await EdgeHost.StartAsync();

        var answer = await Answer.OfAsync(edge.SendAsync(host, change: request => request.Headers.TryAddWithoutValidation("User-Agent", Browser)));

        Assert.Equal(new Answer(HttpStatusCode.BadRequest, "text/plain; charset=utf-8", text), answer);
    }

    [Fact(Timeout = 20_000)]
    public async Task Head_OfARefusal_HasNoBody()
    {
        await using var edge = await EdgeHost.StartAsync();

        var answer = await Answer.OfAsync(edge.SendAsync("80-abc.localhost", change: request => request.Method = HttpMethod.Head));

        Assert.Equal(new Answer(HttpStatusCode.BadGateway, "application/json; charset=utf-8", string.Empty), answer);
    }

    [Fact(Timeout = 20_000)]
    public async Task Miss_WakesTheSandbox()
    {
        using var sandbox = new ScriptedSandbox();
        var asked = 0;
        await using var edge = await EdgeHost.StartAsync(wake: id =>
        {
            asked++;
            return id.Value == "known" ? new Alcove.Control.Routing.SandboxRoute(id, 1, "node", sandbox.Address, null, null, null) : null;
        });

        var sending = Answer.OfAsync(edge.SendAsync($"{sandbox.Port}-known.localhost"));
        await sandbox.AnswerAsync();
        var unknown = await Answer.OfAsync(edge.SendAsync($"{sandbox.Port}-unknown.localhost"));

        Assert.Equal("ok", (await sending).Body);
        Assert.Equal(HttpStatusCode.BadGateway, unknown.Status);
        Assert.Equal(2, asked);
    }

    /// <summary>What a browser gets, which begins and ends with its own tags.</summary>
    internal static async Task<Answer> PageAsync(EdgeHost edge, string host, string path = "/", Action<HttpRequestMessage>? change = null)
    {
        var page = await Answer.OfAsync(edge.SendAsync(host, path, request =>
        {
            request.Headers.TryAddWithoutValidation("User-Agent", Browser);
            change?.Invoke(request);
        }));
        Assert.Equal("text/html; charset=utf-8", page.ContentType);
        Assert.StartsWith("<html", page.Body, StringComparison.Ordinal);
        Assert.EndsWith("</html>", page.Body, StringComparison.Ordinal);
        return page;
    }
}
