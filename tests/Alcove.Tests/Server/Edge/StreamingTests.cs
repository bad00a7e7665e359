using System.Text;
using Xunit;

namespace Alcove.Tests.Server.Edge;

public sealed class StreamingTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = 20_000)]
    public async Task Response_HeadersWithoutABodyYet_ReachTheClient()
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox();
        var route = edge.AddRoute(sandbox.Address);

        var sending = edge.SendAsync($"{sandbox.Port}-{route.Id}.localhost");
        using var upstream = await sandbox.AcceptAsync();
        await upstream.ReadHeadAsync();
        await upstream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");

        using var response = await sending;
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.ToString());
        await upstream.WriteAsync("0\r\n\r\n");
        Assert.Equal(string.Empty, await response.Content.ReadAsStringAsync(Cancellation));
    }

    [Theory(Timeout = 20_000)]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Response_EachPiece_ReachesTheClientBeforeTheNextIsMade(string version)
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox();
        var route = edge.AddRoute(sandbox.Address);

        var sending = edge.SendAsync($"{sandbox.Port}-{route.Id}.localhost", change: request => request.Version = Version.Parse(version));
        using var upstream = await sandbox.AcceptAsync();
        await upstream.ReadHeadAsync();
        await upstream.WriteAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        using var response = await sending;
        await using var body = await response.Content.ReadAsStreamAsync(Cancellation);
        for (var i = 0; i < 3; i++)
        {
            await upstream.WriteAsync($"5\r\npart{i}\r\n");
            var piece = new byte[5];
            await body.ReadExactlyAsync(piece, Cancellation);
            Assert.Equal($"part{i}", Encoding.ASCII.GetString(piece));
        }

        await upstream.WriteAsync("0\r\n\r\n");
        Assert.Equal(0, await body.ReadAsync(new byte[1], Cancellation));
    }

    [Fact(Timeout = 20_000)]
    public async Task Request_EachPiece_ReachesTheSandboxBeforeTheNextIsSent()
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox();
        var route = edge.AddRoute(sandbox.Address);
        using var client = new ScriptedConnection(await edge.ConnectAsync());

        await client.WriteAsync($"POST /up HTTP/1.1\r\nHost: {sandbox.Port}-{route.Id}.localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
        using var upstream = await sandbox.AcceptAsync();
        await upstream.ReadHeadAsync();
        for (var i = 0; i < 3; i++)
        {
            await client.WriteAsync($"5\r\npart{i}\r\n");
            await upstream.ReadThroughAsync($"part{i}");
        }

        await client.WriteAsync("0\r\n\r\n");
        await upstream.ReadThroughAsync("0\r\n\r\n");
        await upstream.WriteAsync("HTTP/1.1 204 No Content\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 204 No Content", await client.ReadHeadAsync());
    }

    [Fact(Timeout = 20_000)]
    public async Task BothWays_AtOnce_EachAnswersTheOther()
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox();
        var route = edge.AddRoute(sandbox.Address);
        using var client = new ScriptedConnection(await edge.ConnectAsync());

        await client.WriteAsync($"POST /talk HTTP/1.1\r\nHost: {sandbox.Port}-{route.Id}.localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
        using var upstream = await sandbox.AcceptAsync();
        await upstream.ReadHeadAsync();
        await upstream.WriteAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 OK", await client.ReadHeadAsync());
        for (var i = 0; i < 3; i++)
        {
            await client.WriteAsync($"4\r\nask{i}\r\n");
            await upstream.ReadThroughAsync($"ask{i}");
            await upstream.WriteAsync($"4\r\nsay{i}\r\n");
            await client.ReadThroughAsync($"say{i}");
        }

        await client.WriteAsync("0\r\n\r\n");
        await upstream.ReadThroughAsync("0\r\n\r\n");
        await upstream.WriteAsync("0\r\n\r\n");
        await client.ReadThroughAsync("0\r\n\r\n");
    }

    [Fact(Timeout = 20_000)]
    public async Task Response_BeforeTheRequestIsComplete_ReachesTheClient()
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox();
        var route = edge.AddRoute(sandbox.Address);
        using var client = new ScriptedConnection(await edge.ConnectAsync());

        await client.WriteAsync($"POST /files HTTP/1.1\r\nHost: {sandbox.Port}-{route.Id}.localhost\r\nContent-Length: 1000000000\r\n\r\nsome");
        using (var upstream = await sandbox.AcceptAsync())
        {
            await upstream.ReadHeadAsync();
            await upstream.WriteAsync("HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnope");
            Assert.StartsWith("HTTP/1.1 401 Unauthorized", await client.ReadHeadAsync());
            await client.ReadThroughAsync("nope");
        }

        client.Finish();
        await client.ReadToEndAsync();
    }
}
