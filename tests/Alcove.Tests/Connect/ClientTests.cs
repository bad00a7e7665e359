using System.Text;
using Alcove.Connect;
using Alcove.Protocol.Filesystem;
using Alcove.Protocol.Processes;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Alcove.Tests.Connect;

public sealed class ClientTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Unary_Answered_GivesTheMessage()
    {
        await using var server = await ConnectServer.StartAsync();

        var answer = await Client(server).UnaryAsync(ConnectServer.Stat, new StatRequest { Path = "/tmp" }, Cancellation);

        Assert.Equal("/tmp", answer.Entry.Path);
    }

    [Theory]
    [MemberData(nameof(UnaryTests.Codes), MemberType = typeof(UnaryTests))]
    public async Task Unary_Failed_ThrowsTheCode(ConnectCode code, string name, int status)
    {
        await using var server = await ConnectServer.StartAsync();
        server.OnStat = (_, _) => throw new ConnectException(code, $"{name} {status}");

        var thrown = await Assert.ThrowsAsync<ConnectException>(() => Client(server).UnaryAsync(ConnectServer.Stat, new StatRequest(), Cancellation));

        Assert.Equal((code, $"{name} {status}"), (thrown.Code, thrown.Message));
    }

    [Theory]
    [InlineData(400, "text/plain", "no", ConnectCode.Internal)]
    [InlineData(401, "application/json", """{"code":401,"message":"unauthorized"}""", ConnectCode.Unauthenticated)]
    [InlineData(403, "application/json", """{"code":"no such code"}""", ConnectCode.PermissionDenied)]
    [InlineData(404, "text/html", "<html>", ConnectCode.Unimplemented)]
    [InlineData(429, "application/json", "[]", ConnectCode.Unavailable)]
    [InlineData(418, "application/json", "{", ConnectCode.Unknown)]
    [InlineData(502, "application/json", "", ConnectCode.Unavailable)]
    [InlineData(503, "application/json", """{"code":"not_found"}""", ConnectCode.NotFound)]
    [InlineData(200, "text/plain", "hello", ConnectCode.Unknown)]
    public async Task Answer_OfSomethingInBetween_IsMappedByStatus(int status, string contentType, string body, ConnectCode expected)
    {
        await using var server = await ConnectServer.StartAsync();
        server.Before = http => AnswerAsync(http, status, contentType, Encoding.UTF8.GetBytes(body));

        var unary = await Assert.ThrowsAsync<ConnectException>(() => Client(server).UnaryAsync(ConnectServer.Stat, new StatRequest(), Cancellation));
        var stream = await Assert.ThrowsAsync<ConnectException>(() => AllAsync(server));

        Assert.Equal((expected, expected), (unary.Code, stream.Code));
    }

    [Fact]
    public async Task Stream_OfMessages_GivesThemAsTheyCome()
    {
        await using var server = await ConnectServer.StartAsync();
        var next = new SemaphoreSlim(1);
        server.OnStart = async (_, answers, context) =>
        {
            for (var pid = 1u; pid <= 3; pid++)
            {
                await next.WaitAsync(context.CancellationToken);
                await answers.WriteAsync(Started(pid), context.CancellationToken);
            }
        };

        var pids = new List<uint>();
        await foreach (var message in Client(server).ServerStreamingAsync(ConnectServer.Start, new StartRequest(), Cancellation))
        {
            pids.Add(message.Event.Start.Pid);
            next.Release();
        }

        Assert.Equal([1u, 2u, 3u], pids);
    }

    [Fact]
    public async Task Stream_Failed_ThrowsAfterItsMessages()
    {
        await using var server = await ConnectServer.StartAsync();
        server.OnStart = async (_, answers, context) =>
        {
            await answers.WriteAsync(Started(1), context.CancellationToken);
            throw new ConnectException(ConnectCode.NotFound, "gone");
        };

        var seen = new List<StartResponse>();
        var thrown = await Assert.ThrowsAsync<ConnectException>(() => AllAsync(server, seen));

        Assert.Equal((ConnectCode.NotFound, "gone", 1), (thrown.Code, thrown.Message, seen.Count));
    }

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 0, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 0, 0, 0 })]
    [InlineData(new byte[] { 2, 0, 0, 0, 1, (byte)'{' })]
    [InlineData(new byte[] { 2, 0, 0, 0, 2, (byte)'[', (byte)']' })]
    [InlineData(new byte[] { 1, 0, 0, 0, 0 })]
    [InlineData(new byte[] { 2, 0, 0, 0, 2, (byte)'{', (byte)'}', 0, 0, 0, 0, 0 })]
    public async Task Stream_WithoutAProperEnd_IsInternal(byte[] body)
    {
        await using var server = await ConnectServer.StartAsync();
        server.Before = http => AnswerAsync(http, 200, Wire.ProtoStream, body);

        var thrown = await Assert.ThrowsAsync<ConnectException>(() => AllAsync(server));

        Assert.Equal(ConnectCode.Internal, thrown.Code);
    }

    [Fact]
    public async Task Stream_Cut_IsUnavailable()
    {
        await using var server = await ConnectServer.StartAsync();
        server.Before = async http =>
        {
            http.Response.ContentType = Wire.ProtoStream;
            await http.Response.Body.WriteAsync(Frame.Of(Started(1)).Bytes, Cancellation);
            await http.Response.Body.FlushAsync(Cancellation);
            http.Abort();
            return true;
        };

        var thrown = await Assert.ThrowsAsync<ConnectException>(() => AllAsync(server));

        Assert.Equal(ConnectCode.Unavailable, thrown.Code);
    }

    [Fact]
    public async Task Server_Unreachable_IsUnavailable()
    {
        var server = await ConnectServer.StartAsync();
        var address = server.Address;
        await server.DisposeAsync();
        using var http = new HttpClient();
        var client = new ConnectClient(http, address);

        var thrown = await Assert.ThrowsAsync<ConnectException>(() => client.UnaryAsync(ConnectServer.Stat, new StatRequest(), Cancellation));

        Assert.Equal(ConnectCode.Unavailable, thrown.Code);
    }

    [Fact]
    public async Task Timeout_Given_IsSentAndKept()
    {
        await using var server = await ConnectServer.StartAsync();
        string? sent = null;
        server.Before = async http =>
        {
            sent = http.Request.Headers["Connect-Timeout-Ms"];
            server.Time.Advance(TimeSpan.FromSeconds(2));
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        };

        var thrown = await Assert.ThrowsAsync<ConnectException>(
            () => Client(server).UnaryAsync(ConnectServer.Stat, new StatRequest(), TimeSpan.FromMilliseconds(1500.2), Cancellation));

        Assert.Equal((ConnectCode.DeadlineExceeded, "1501"), (thrown.Code, sent));
    }

    [Fact]
    public async Task Token_Fired_IsCancellationNotAnError()
    {
        await using var server = await ConnectServer.StartAsync();
        using var leave = new CancellationTokenSource();
        var gone = new TaskCompletionSource();
        server.OnStart = async (_, answers, context) =>
        {
            context.CancellationToken.Register(gone.SetResult);
            await answers.WriteAsync(Started(1), context.CancellationToken);
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in Client(server).ServerStreamingAsync(ConnectServer.Start, new StartRequest(), leave.Token))
            {
                await leave.CancelAsync();
            }
        });
        await gone.Task.WaitAsync(Cancellation);
    }

    [Fact]
    public async Task Loop_Left_EndsTheCall()
    {
        await using var server = await ConnectServer.StartAsync();
        var gone = new TaskCompletionSource();
        server.OnStart = async (_, answers, context) =>
        {
            context.CancellationToken.Register(gone.SetResult);
            await answers.WriteAsync(Started(1), context.CancellationToken);
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        };

        await foreach (var _ in Client(server).ServerStreamingAsync(ConnectServer.Start, new StartRequest(), Cancellation))
        {
            break;
        }

        await gone.Task.WaitAsync(Cancellation);
    }

    [Fact]
    public async Task Answer_LargerThanTheLimit_IsResourceExhausted()
    {
        await using var server = await ConnectServer.StartAsync();
        var client = new ConnectClient(server.Http, server.Address, maxResponseBytes: 100);

        var thrown = await Assert.ThrowsAsync<ConnectException>(
            () => client.UnaryAsync(ConnectServer.Stat, new StatRequest { Path = new string('a', 200) }, Cancellation));

        Assert.Equal(ConnectCode.ResourceExhausted, thrown.Code);
    }

    private static ConnectClient Client(ConnectServer server) => new(server.Http, server.Address, server.Time);

    private static async Task AllAsync(ConnectServer server, List<StartResponse>? seen = null)
    {
        await foreach (var message in Client(server).ServerStreamingAsync(ConnectServer.Start, new StartRequest(), Cancellation))
        {
            seen?.Add(message);
        }
    }

    private static StartResponse Started(uint pid) => new() { Event = new ProcessEvent { Start = new() { Pid = pid } } };

    private static async Task<bool> AnswerAsync(HttpContext http, int status, string contentType, byte[] body)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = contentType;
        await http.Response.Body.WriteAsync(body, Cancellation);
        return true;
    }
}
