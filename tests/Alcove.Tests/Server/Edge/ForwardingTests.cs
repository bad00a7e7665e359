using System.Net;
using System.Text;
using Xunit;

namespace Alcove.Tests.Server.Edge;

/// <summary>What the sandbox gets to see of a request, and the client of an answer.</summary>
public sealed class ForwardingTests
{
    [Theory(Timeout = 20_000)]
    [InlineData("/")]
    [InlineData("/a%2Fb//c/../d?x=%41&y=a+b")]
    [InlineData("/%E2%82%AC/%zz/%?%")]
    [InlineData("/a|b\"c<d>{e}`f^g'(h)*i!$;,@:&=~")]
    [InlineData("/a?b?c=/../d//e")]
    [InlineData("//double.example/path")]
    [InlineData("/a#b?c#d")]
    public async Task Target_IsPassedOnAsItIs(string target)
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox();
        var route = edge.AddRoute(sandbox.Address);
        using var client = new ScriptedConnection(await edge.ConnectAsync());

        await client.WriteAsync($"GET {target} HTTP/1.1\r\nHost: {sandbox.Port}-{route.Id}.localhost:3002\r\nConnection: close\r\n\r\n");
        var head = await sandbox.AnswerAsync();

        Assert.Equal($"GET {target} HTTP/1.1\r\nHost: {sandbox.Port}-{route.Id}.localhost:3002\r\nConnection: close\r\n\r\n", head);
        Assert.EndsWith("\r\n\r\nok", await client.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact(Timeout = 20_000)]
    public async Task Target_WithAScheme_IsPassedOnWithout()
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox();
        var route = edge.AddRoute(sandbox.Address);
        var host = $"{sandbox.Port}-{route.Id}.localhost";

        foreach (var (written, expected) in new[] { ("/a%2Fb?c", "/a%2Fb?c"), ("?c=/d", "/?c=/d"), ("", "/") })
        {
            using var client = new ScriptedConnection(await edge.ConnectAsync());
            await client.WriteAsync($"GET http://{host}{written} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
            var head = await sandbox.AnswerAsync();

            Assert.StartsWith($"GET {expected} HTTP/1.1\r\n", head, StringComparison.Ordinal);
            await client.ReadToEndAsync();
        }
    }

    [Theory(Timeout = 20_000)]
    [InlineData("OPTIONS *")]
    [InlineData("CONNECT 80-abc.localhost:80")]
    public async Task Target_ThatIsNoPath_Is400(string line)
    {
        await using var edge = await EdgeHost.StartAsync();
        using var client = new ScriptedConnection(await edge.ConnectAsync());

        await client.WriteAsync($"{line} HTTP/1.1\r\nHost: 80-abc.localhost:80\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 400 ", await client.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact(Timeout = 20_000)]
    public async Task RequestHeaders_PassExceptThoseAboutTheWay()
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox();
        var route = edge.AddRoute(sandbox.Address);
        using var client = new ScriptedConnection(await edge.ConnectAsync());
        string[] kept =
        [
            "Authorization: Basic dXNlcjo=", "X-Access-Token: t", "Cookie: a=b; c=d", "E2b-Sandbox-Id: x", "E2b-Sandbox-Port: 1", "Origin: https://a.b",
            "Upgrade-Insecure-Requests: 1", "Accept-Encoding: gzip", "X-Utf8: \u00c3\u00a9\u00e2\u0082\u00ac", "X-Twice: 1", "X-Twice: 2", "Content-Type: text/x", "Via: 1.1 a",
        ];
        string[] dropped =
        [
            "Forwarded: for=1.2.3.4", "X-Forwarded-For: 1.2.3.4", "X-Forwarded-Host: liar", "x-forwarded-proto: https", "X-Forwarded-Port: 1",
            "Connection: X-Mine, Content-Type2, bad name", "X-Mine: 1", "Keep-Alive: timeout=5", "Proxy-Connection: close", "TE: gzip", "Proxy-Authorization: Basic x",
        ];

        await client.WriteAsync($"GET / HTTP/1.1\r\nHost: {sandbox.Port}-{route.Id}.localhost\r\n{string.Concat(kept.Concat(dropped).Select(line => line + "\r\n"))}\r\n");
        var lines = (await sandbox.AnswerAsync()).Split("\r\n");

        Assert.All(kept, line => Assert.Contains(line, lines));
        Assert.Equal(kept.Length + 5, lines.Length); // The request line, Host, Connection and the end's two.
        await client.ReadThroughAsync("ok");
    }

    [Fact(Timeout = 20_000)]
    public async Task ResponseHeaders_PassExceptThoseAboutTheWay()
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox();
        var route = edge.AddRoute(sandbox.Address);
        using var client = new ScriptedConnection(await edge.ConnectAsync());
        string[] kept =
        [
            "Set-Cookie: a=b", "Set-Cookie: c=d", "Access-Control-Allow-Origin: *", "Server: mine", "Date: Mon, 01 Jan 2024 00:00:00 GMT", "Content-Type: text/x",
            "Content-Encoding: gzip", "ETag: \"x\"", "X-Utf8: \u00c3\u00a9", "X-Empty: ", "Location: /a%2fb",
        ];

        await client.WriteAsync($"GET / HTTP/1.1\r\nHost: {sandbox.Port}-{route.Id}.localhost\r\n\r\n");
        await sandbox.AnswerAsync($"HTTP/1.1 418 I am\r\n{string.Concat(kept.Select(line => line + "\r\n"))}Connection: close, X-Hop\r\nKeep-Alive: x\r\nContent-Length: 4\r\n\r\nbody");
        var lines = (await client.ReadThroughAsync("\r\n\r\nbody")).Split("\r\n");

        Assert.Equal("HTTP/1.1 418 I am", lines[0]);
        Assert.All(kept, line => Assert.Contains(line, lines));
        Assert.Equal(kept.Length + 4, lines.Length); // The status line, the length, the end and the body.
    }

    [Theory(Timeout = 20_000)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", "body")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nb\r\n3;x=y\r\nody\r\n0\r\nX-Trailer: 1\r\n\r\n", "body")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 99\r\n\r\n4\r\nbody\r\n0\r\n\r\n", "body")]
    [InlineData("HTTP/1.0 200 OK\r\n\r\nbody", "body")]
    [InlineData("HTTP/1.1 200\r\nContent-Length: 4, 4\r\n\r\nbody", "body")]
    [InlineData("HTTP/1.1 200 OK\nContent-Length: 4\n\nbody", "body")]
    [InlineData("HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length:4  \r\n\r\nbody", "body")]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", "body")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "")]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", "")]
    [InlineData("HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n", "")]
    public async Task Response_InAnyFraming_IsTheSame(string response, string body)
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox();
        var route = edge.AddRoute(sandbox.Address);

        var sending = Answer.OfAsync(edge.SendAsync($"{sandbox.Port}-{route.Id}.localhost"));
        using (var upstream = await sandbox.AcceptAsync())
        {
            await upstream.ReadHeadAsync();
            await upstream.WriteAsync(response);
        }

        Assert.Equal(body, (await sending).Body);
    }

    [Theory(Timeout = 20_000)]
    [InlineData("HTTP/1.1 204 No Content\r\nContent-Length: 4\r\nX-Mine: 1\r\n\r\nbody", 204)]
    [InlineData("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\nX-Mine: 1\r\n\r\n4\r\nbody\r\n0\r\n\r\n", 204)]
    [InlineData("HTTP/1.1 205 Reset Content\r\nContent-Length: 4\r\nX-Mine: 1\r\n\r\nbody", 205)]
    [InlineData("HTTP/1.1 205 Reset Content\r\nX-Mine: 1\r\n\r\nbody", 205)]
    public async Task Response_OfAStatusWithoutContent_LosesTheContentAndNothingElse(string response, int status)
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox();
        var route = edge.AddRoute(sandbox.Address);

        var sending = edge.SendAsync($"{sandbox.Port}-{route.Id}.localhost");
        await sandbox.AnswerAsync(response);

        using var answer = await sending;
        Assert.Equal((status, string.Empty), ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
        Assert.Equal(["1"], answer.Headers.GetValues("X-Mine"));
    }

    [Theory(Timeout = 20_000)]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nno colon\r\n\r\n")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")]
    [InlineData("HTTP/1.1 099 No\r\n\r\n")]
    [InlineData("HTTP/2 200 OK\r\n\r\n")]
    [InlineData("SSH-2.0-OpenSSH_9.6\r\n")]
    [InlineData("\r\n\r\n")]
    public async Task Response_ThatIsNone_Is502(string response)
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox();
        var route = edge.AddRoute(sandbox.Address);

        var sending = Answer.OfAsync(edge.SendAsync($"{sandbox.Port}-{route.Id}.localhost"));
        using (var upstream = await sandbox.AcceptAsync())
        {
            await upstream.ReadHeadAsync();
            await upstream.WriteAsync(response);
        }

        var answer = await sending;
        Assert.Equal(HttpStatusCode.BadGateway, answer.Status);
        Assert.Equal(sandbox.Port, answer.Json.GetProperty("port").GetInt32());
    }

    [Theory(Timeout = 20_000)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbody")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\nxyz\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody!\r\n0\r\n\r\n")]
    public async Task Response_ThatBreaksOff_IsNotTakenForTheWhole(string response)
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox();
        var route = edge.AddRoute(sandbox.Address);

        var sending = edge.SendAsync($"{sandbox.Port}-{route.Id}.localhost");
        using (var upstream = await sandbox.AcceptAsync())
        {
            await upstream.ReadHeadAsync();
            await upstream.WriteAsync(response);
        }

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => Answer.OfAsync(sending));
    }

    [Fact(Timeout = 20_000)]
    public async Task Head_AnswersWithTheLengthAndNoBody()
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox();
        var route = edge.AddRoute(sandbox.Address);

        var sending = edge.SendAsync($"{sandbox.Port}-{route.Id}.localhost", change: request => request.Method = HttpMethod.Head);
        await sandbox.AnswerAsync("HTTP/1.1 200 OK\r\nContent-Length: 123\r\n\r\n");

        using var response = await sending;
        Assert.Equal(123, response.Content.Headers.ContentLength);
    }

    [Fact(Timeout = 20_000)]
    public async Task Post_WithoutABody_SaysSo()
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox();
        var route = edge.AddRoute(sandbox.Address);

        foreach (var version in new[] { HttpVersion.Version11, HttpVersion.Version20 })
        {
            var sending = Answer.OfAsync(edge.SendAsync($"{sandbox.Port}-{route.Id}.localhost", change: request => (request.Method, request.Version) = (HttpMethod.Post, version)));
            var head = await sandbox.AnswerAsync();

            Assert.Equal("ok", (await sending).Body);
            Assert.Contains("\r\nContent-Length: 0\r\n", head, StringComparison.Ordinal);
        }
    }

    [Fact(Timeout = 20_000)]
    public async Task Get_WithATypeAndNoBody_GetsNoLength()
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox();
        var route = edge.AddRoute(sandbox.Address);
        using var client = new ScriptedConnection(await edge.ConnectAsync());

        await client.WriteAsync($"GET / HTTP/1.1\r\nHost: {sandbox.Port}-{route.Id}.localhost\r\nContent-Type: application/json\r\n\r\n");
        var head = await sandbox.AnswerAsync();

        Assert.Contains("\r\nContent-Type: application/json\r\n", head, StringComparison.Ordinal);
        Assert.DoesNotContain("Length", head, StringComparison.Ordinal);
        Assert.DoesNotContain("chunked", head, StringComparison.Ordinal);
        await client.ReadThroughAsync("ok");
    }

    [Fact(Timeout = 20_000)]
    public async Task Body_OfKnownLength_ComesInOnePieceWithTheHead()
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox();
        var route = edge.AddRoute(sandbox.Address);

        var sending = Answer.OfAsync(edge.SendAsync($"{sandbox.Port}-{route.Id}.localhost", "/run", request =>
        {
            request.Method = HttpMethod.Post;
            request.Content = new StringContent("""{"a":1}""", Encoding.UTF8, "application/json");
        }));
        using (var upstream = await sandbox.AcceptAsync())
        {
            var head = await upstream.ReadHeadAsync();
            Assert.Contains("\r\nContent-Length: 7\r\n", head, StringComparison.Ordinal);
            Assert.DoesNotContain("chunked", head, StringComparison.Ordinal);
            Assert.Equal("""{"a":1}""", await upstream.ReadThroughAsync("}"));
            await upstream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }

        Assert.Equal("ok", (await sending).Body);
    }

    [Fact(Timeout = 20_000)]
    public async Task Http2_CookiesInPieces_AreOneForTheSandbox()
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox();
        var route = edge.AddRoute(sandbox.Address);

        var sending = Answer.OfAsync(edge.SendAsync($"{sandbox.Port}-{route.Id}.localhost", change: request =>
        {
            request.Version = HttpVersion.Version20;
            request.Headers.Add("Cookie", ["a=b", "c=d"]);
        }));
        var head = await sandbox.AnswerAsync();

        Assert.Equal("ok", (await sending).Body);
        Assert.Contains("\r\nCookie: a=b; c=d\r\n", head, StringComparison.OrdinalIgnoreCase);
    }

    [Fact(Timeout = 20_000)]
    public async Task Http2_TrailersOfTheSandbox_ReachTheClient()
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox();
        var route = edge.AddRoute(sandbox.Address);

        var sending = edge.SendAsync($"{sandbox.Port}-{route.Id}.localhost", change: request => request.Version = HttpVersion.Version20);
        await sandbox.AnswerAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 42\r\n\r\n");

        using var response = await sending;
        Assert.Equal("ok", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("42", Assert.Single(response.TrailingHeaders.GetValues("X-Sum")));
    }

    [Fact(Timeout = 20_000)]
    public async Task Expect_Continue_IsNotWaitedFor()
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox();
        var route = edge.AddRoute(sandbox.Address);
        using var client = new ScriptedConnection(await edge.ConnectAsync());

        await client.WriteAsync($"POST / HTTP/1.1\r\nHost: {sandbox.Port}-{route.Id}.localhost\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
        using var upstream = await sandbox.AcceptAsync();
        await upstream.ReadHeadAsync();
        await client.ReadThroughAsync("HTTP/1.1 100 Continue\r\n\r\n");
        await client.WriteAsync("body");
        await upstream.ReadThroughAsync("body");
        await upstream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");

        Assert.StartsWith("HTTP/1.1 200 OK\r\n", await client.ReadThroughAsync("ok"), StringComparison.Ordinal);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("1.1", true)]
    [InlineData("1.1", false)]
    [InlineData("2.0", true)]
    [InlineData("2.0", false)]
    public async Task Bodies_OfManyMegabytes_ArriveUnchanged(string version, bool isChunked)
    {
        await using var edge = await EdgeHost.StartAsync();
        await using var sandbox = await EchoSandbox.StartAsync();
        var route = edge.AddRoute(sandbox.Address);
        var sent = new byte[33_333_333];
        new Random(1).NextBytes(sent);

        using var response = await edge.SendAsync($"{sandbox.Port}-{route.Id}.localhost", "/later", request =>
        {
            (request.Method, request.Version) = (HttpMethod.Post, Version.Parse(version));
            request.Content = isChunked ? new StreamContent(new ForwardOnlyStream(sent)) : new ByteArrayContent(sent);
        });
        var received = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);

        Assert.True(sent.AsSpan().SequenceEqual(received));
    }

    [Fact(Timeout = 20_000)]
    public async Task DaemonPort_IsReachedOverOneConnectionAgainAndAgain()
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox(49983);
        var route = edge.AddRoute(sandbox.Address);

        var first = Answer.OfAsync(edge.SendAsync($"49983-{route.Id}.localhost", "/1"));
        using var upstream = await sandbox.AcceptAsync();
        for (var i = 1; i <= 3; i++)
        {
            var head = await upstream.ReadHeadAsync();
            Assert.StartsWith($"GET /{i} HTTP/1.1\r\n", head, StringComparison.Ordinal);
            Assert.DoesNotContain("Connection", head, StringComparison.Ordinal);
            await upstream.WriteAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
            Assert.Equal("ok", (await first).Body);
            first = Answer.OfAsync(edge.SendAsync($"49983-{route.Id}.localhost", $"/{i + 1}"));
        }

        await upstream.ReadHeadAsync();
        await upstream.WriteAsync("HTTP/1.1 204 No Content\r\n\r\n");
        Assert.Equal(HttpStatusCode.NoContent, (await first).Status);
        Assert.False(sandbox.HasPending);
    }

    [Fact(Timeout = 20_000)]
    public async Task DaemonPort_ClosedByTheDaemonMeanwhile_IsReachedAnew()
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox(49983);
        var route = edge.AddRoute(sandbox.Address);

        for (var i = 0; i < 3; i++)
        {
            var sending = Answer.OfAsync(edge.SendAsync($"49983-{route.Id}.localhost", change: request =>
            {
                request.Method = HttpMethod.Post;
                request.Content = new StringContent("x");
            }));
            using (var upstream = await sandbox.AcceptAsync())
            {
                await upstream.ReadThroughAsync("\r\n\r\nx");
                await upstream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }

            Assert.Equal("ok", (await sending).Body);
        }
    }

    [Fact(Timeout = 20_000)]
    public async Task OtherPorts_GetAConnectionForEachRequest()
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox();
        var route = edge.AddRoute(sandbox.Address);

        for (var i = 0; i < 2; i++)
        {
            var sending = Answer.OfAsync(edge.SendAsync($"{sandbox.Port}-{route.Id}.localhost"));
            Assert.Contains("\r\nConnection: close\r\n", await sandbox.AnswerAsync(), StringComparison.Ordinal);
            Assert.Equal("ok", (await sending).Body);
        }
    }

    [Fact(Timeout = 20_000)]
    public async Task Client_GivesUp_TheSandboxIsTold()
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox();
        var route = edge.AddRoute(sandbox.Address);
        using var client = new CancellationTokenSource();

        var sending = edge.SendAsync($"{sandbox.Port}-{route.Id}.localhost", client: client);
        using var upstream = await sandbox.AcceptAsync();
        await upstream.ReadHeadAsync();
        await client.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        Assert.Equal(string.Empty, await upstream.ReadToEndAsync());
    }

    [Fact(Timeout = 20_000)]
    public async Task Client_StopsInTheMiddleOfAnUpload_TheSandboxDoesNotTakeItForTheWhole()
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox();
        var route = edge.AddRoute(sandbox.Address);
        using var upstream = await BreakOffAsync(edge, sandbox, $"{sandbox.Port}-{route.Id}.localhost");

        var rest = await upstream.ReadToEndAsync();

        Assert.DoesNotContain("\r\n0\r\n", rest, StringComparison.Ordinal);
    }

    private static async Task<ScriptedConnection> BreakOffAsync(EdgeHost edge, ScriptedSandbox sandbox, string host)
    {
        using var client = new ScriptedConnection(await edge.ConnectAsync());
        await client.WriteAsync($"POST / HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n");
        var upstream = await sandbox.AcceptAsync();
        await upstream.ReadThroughAsync("body");
        return upstream;
    }

    /// <summary>A body whose length nobody knows beforehand.</summary>
    private sealed class ForwardOnlyStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
