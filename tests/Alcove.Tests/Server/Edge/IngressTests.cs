using System.Net;
using Xunit;

namespace Alcove.Tests.Server.Edge;

/// <summary>Private ingress, host masks and the limit on concurrent requests.</summary>
public sealed class IngressTests
{
    private const string Token = "0123456789abcdef";

    [Fact(Timeout = 20_000)]
    public async Task Private_WithoutTheHeader_Is403()
    {
        await using var edge = await EdgeHost.StartAsync();
        var route = edge.AddRoute(trafficToken: Token);

        var answer = await Answer.OfAsync(edge.SendAsync($"8080-{route.Id}.localhost"));
        var page = await RefusalTests.PageAsync(edge, $"8080-{route.Id}.localhost");

        Assert.Equal(
            $$"""{"sandboxId":"{{route.Id}}","message":"Sandbox is secured with traffic access token. Token header 'e2b-traffic-access-token' is missing","code":403}""",
            answer.Body);
        Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
        Assert.Equal(HttpStatusCode.Forbidden, page.Status);
        Assert.Contains("Missing Traffic Access Token", page.Body, StringComparison.Ordinal);
    }

    [Fact(Timeout = 20_000)]
    public async Task Private_WithAnotherSandboxesToken_Is403()
    {
        await using var edge = await EdgeHost.StartAsync();
        var route = edge.AddRoute(trafficToken: Token);
        var other = edge.AddRoute(trafficToken: "fedcba9876543210");

        var answer = await Answer.OfAsync(edge.SendAsync($"8080-{route.Id}.localhost", change: With(other.TrafficAccessToken)));
        var page = await RefusalTests.PageAsync(edge, $"8080-{route.Id}.localhost", change: With(other.TrafficAccessToken));

        Assert.Equal(
            $$"""{"sandboxId":"{{route.Id}}","message":"Sandbox is secured with traffic access token. Provided token in header 'e2b-traffic-access-token' is invalid","code":403}""",
            answer.Body);
        Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
        Assert.Contains("Invalid Traffic Access Token", page.Body, StringComparison.Ordinal);
    }

    [Fact(Timeout = 20_000)]
    public async Task Private_WithTheToken_ReachesThePortAndPassesTheHeaderOn()
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox();
        var route = edge.AddRoute(sandbox.Address, trafficToken: Token);

        var sending = Answer.OfAsync(edge.SendAsync($"{sandbox.Port}-{route.Id}.localhost", change: With(Token)));
        var head = await sandbox.AnswerAsync();

        Assert.Equal(HttpStatusCode.OK, (await sending).Status);
        Assert.Contains($"e2b-traffic-access-token: {Token}\r\n", head, StringComparison.Ordinal);
    }

    [Fact(Timeout = 20_000)]
    public async Task Private_WithTheTokenOnAClosedPort_Is502()
    {
        await using var edge = await EdgeHost.StartAsync();
        var route = edge.AddRoute(trafficToken: Token);

        var answer = await Answer.OfAsync(edge.SendAsync($"8080-{route.Id}.localhost", change: With(Token)));

        Assert.Equal(HttpStatusCode.BadGateway, answer.Status);
    }

    [Fact(Timeout = 20_000)]
    public async Task Private_DaemonPort_NeedsNoTrafficToken()
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox(49983);
        var route = edge.AddRoute(sandbox.Address, trafficToken: Token);

        var sending = Answer.OfAsync(edge.SendAsync($"49983-{route.Id}.localhost", "/health"));
        await sandbox.AnswerAsync("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");

        Assert.Equal(HttpStatusCode.NoContent, (await sending).Status);
    }

    [Fact(Timeout = 20_000)]
    public async Task Public_IgnoresTheHeader()
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox();
        var route = edge.AddRoute(sandbox.Address);

        var sending = Answer.OfAsync(edge.SendAsync($"{sandbox.Port}-{route.Id}.localhost", change: With("anything")));
        await sandbox.AnswerAsync();

        Assert.Equal(HttpStatusCode.OK, (await sending).Status);
    }

    [Fact(Timeout = 20_000)]
    public async Task Mask_ReplacesTheHostAndTellsTheOriginal()
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox();
        var route = edge.AddRoute(sandbox.Address, mask: "localhost:${PORT}");
        var host = $"{sandbox.Port}-{route.Id}.example.com:3002";

        var sending = Answer.OfAsync(edge.SendAsync(host, change: request => request.Headers.Add("X-Forwarded-Host", "liar.example")));
        var head = await sandbox.AnswerAsync();

        Assert.Equal(HttpStatusCode.OK, (await sending).Status);
        Assert.Contains($"\r\nHost: localhost:{sandbox.Port}\r\n", head, StringComparison.Ordinal);
        Assert.Contains($"\r\nX-Forwarded-Host: {host}\r\n", head, StringComparison.Ordinal);
        Assert.DoesNotContain("liar", head, StringComparison.Ordinal);
    }

    [Fact(Timeout = 20_000)]
    public async Task Mask_OnTheDaemonPort_DoesNotApply()
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox(49983);
        var route = edge.AddRoute(sandbox.Address, mask: "masked");

        var sending = Answer.OfAsync(edge.SendAsync($"49983-{route.Id}.localhost"));
        var head = await sandbox.AnswerAsync("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");

        Assert.Equal(HttpStatusCode.NoContent, (await sending).Status);
        Assert.Contains($"\r\nHost: 49983-{route.Id}.localhost\r\n", head, StringComparison.Ordinal);
        Assert.DoesNotContain("X-Forwarded", head, StringComparison.Ordinal);
    }

    [Fact(Timeout = 20_000)]
    public async Task Limit_OneTooMany_Is429UntilOneEnds()
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox();
        var route = edge.AddRoute(sandbox.Address, maxConnections: 1);
        var host = $"{sandbox.Port}-{route.Id}.localhost";

        var first = Answer.OfAsync(edge.SendAsync(host));
        using var upstream = await sandbox.AcceptAsync();
        var second = await Answer.OfAsync(edge.SendAsync(host));
        var page = await RefusalTests.PageAsync(edge, host);
        await upstream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await first;

        // The client has its answer a moment before its request counts as ended.
        var answering = sandbox.AnswerAsync();
        Answer third;
        do
        {
            third = await Answer.OfAsync(edge.SendAsync(host));
        }
        while (third.Status == HttpStatusCode.TooManyRequests);
        await answering;

        Assert.Equal(HttpStatusCode.TooManyRequests, second.Status);
        Assert.Equal(
            $$"""{"sandboxId":"{{route.Id}}","message":"The sandbox has too many concurrent incoming connections (limit: 1)","code":429,"connectionLimit":1}""",
            second.Body);
        Assert.Contains("Too Many Connections", page.Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, third.Status);
    }

    [Fact(Timeout = 20_000)]
    public async Task Limit_Zero_BlocksAll()
    {
        await using var edge = await EdgeHost.StartAsync();
        var route = edge.AddRoute(maxConnections: 0);

        Assert.Equal(HttpStatusCode.TooManyRequests, (await Answer.OfAsync(edge.SendAsync($"80-{route.Id}.localhost"))).Status);
    }

    private static Action<HttpRequestMessage> With(string? token) => request => request.Headers.Add("e2b-traffic-access-token", token);
}
