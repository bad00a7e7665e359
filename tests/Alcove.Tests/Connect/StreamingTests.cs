using System.Net;
using System.Text;
using Alcove.Connect;
using Alcove.Protocol.Processes;
using Google.Protobuf;
using Xunit;

namespace Alcove.Tests.Connect;

public sealed class StreamingTests
{
    private const string Path = "/process.Process/Start";
    private const string InputPath = "/process.Process/StreamInput";

    private static readonly StartResponse[] Life =
    [
        new() { Event = new ProcessEvent { Start = new ProcessEvent.Types.StartEvent { Pid = 1234 } } },
        new() { Event = new ProcessEvent { Data = new ProcessEvent.Types.DataEvent { Stdout = ByteString.CopyFromUtf8("hi\n") } } },
        new() { Event = new ProcessEvent { Keepalive = new ProcessEvent.Types.KeepAlive() } },
        new() { Event = new ProcessEvent { End = new ProcessEvent.Types.EndEvent { Exited = true, Status = "exit status 0" } } },
    ];

    [Fact]
    public async Task Stream_InJson_IsEnvelopesOfTheContractsShapes()
    {
        await using var server = await ConnectServer.StartAsync();
        server.OnStart = async (_, answers, context) =>
        {
            foreach (var message in Life)
            {
                await answers.WriteAsync(message, context.CancellationToken);
            }
        };

        using var response = await server.CallAsync(Path, Wire.JsonStream, Frame.Of("{}").Bytes);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(Wire.JsonStream, response.Content.Headers.MediaType());
        Assert.Equal(
            [
                (0, """{"event":{"start":{"pid":1234}}}"""),
                (0, """{"event":{"data":{"stdout":"aGkK"}}}"""),
                (0, """{"event":{"keepalive":{}}}"""),
                (0, """{"event":{"end":{"exited":true,"status":"exit status 0"}}}"""),
                (2, "{}"),
            ],
            from frame in await response.FramesAsync() select ((int)frame.Flags, frame.Text));
    }

    [Fact]
    public async Task Stream_InBinary_IsTheVeryBytes()
    {
        await using var server = await ConnectServer.StartAsync();
        server.OnStart = (_, answers, context) => answers.WriteAsync(Life[0], context.CancellationToken).AsTask();

        using var response = await server.CallAsync(Path, Wire.ProtoStream, Frame.Of(new StartRequest()).Bytes);

        Assert.Equal(Wire.ProtoStream, response.Content.Headers.MediaType());
        Assert.Equal(
            [0, 0, 0, 0, 7, 0x0a, 5, 0x0a, 3, 0x08, 0xd2, 0x09, 2, 0, 0, 0, 2, (byte)'{', (byte)'}'],
            await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Message_Written_ArrivesBeforeTheNextIs()
    {
        await using var server = await ConnectServer.StartAsync();
        var seen = new TaskCompletionSource();
        server.OnStart = async (_, answers, context) =>
        {
            await answers.WriteAsync(Life[0], context.CancellationToken);
            await seen.Task;
        };

        using var response = await server.CallAsync(Path, Wire.ProtoStream, Frame.Of(new StartRequest()).Bytes);
        var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        await body.ReadExactlyAsync(new byte[12], TestContext.Current.CancellationToken);
        seen.SetResult();
        var rest = new byte[7];
        await body.ReadExactlyAsync(rest, TestContext.Current.CancellationToken);

        Assert.Equal([2, 0, 0, 0, 2, (byte)'{', (byte)'}'], rest);
    }

    [Theory]
    [MemberData(nameof(UnaryTests.Codes), MemberType = typeof(UnaryTests))]
    public async Task Handler_ThrowsCode_EndsWithItInA200(ConnectCode code, string name, int status)
    {
        await using var server = await ConnectServer.StartAsync();
        server.OnStart = (_, _, _) => throw new ConnectException(code, $"not {status}");

        using var response = await server.CallAsync(Path, Wire.ProtoStream, Frame.Of(new StartRequest()).Bytes);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var end = Assert.Single(await response.FramesAsync());
        Assert.Equal((2, $$$"""{"error":{"code":"{{{name}}}","message":"not {{{status}}}"}}"""), (end.Flags, end.Text));
    }

    [Fact]
    public async Task Handler_ThrowsAnythingElse_EndsInternalAndIsReported()
    {
        await using var server = await ConnectServer.StartAsync();
        server.OnStart = async (_, answers, context) =>
        {
            await answers.WriteAsync(Life[0], context.CancellationToken);
            throw new InvalidOperationException("the secret");
        };

        using var response = await server.CallAsync(Path, Wire.JsonStream, Frame.Of("{}").Bytes);

        Assert.Equal("""{"error":{"code":"internal","message":"internal error"}}""", (await response.FramesAsync())[^1].Text);
        Assert.Equal("the secret", Assert.Single(server.Unexpected).Message);
    }

    [Theory]
    [InlineData("Connect-Protocol-Version", "2", "invalid_argument")]
    [InlineData("Connect-Timeout-Ms", "x", "invalid_argument")]
    [InlineData("Connect-Timeout-Ms", "0", "deadline_exceeded")]
    [InlineData("Connect-Content-Encoding", "br", "unimplemented")]
    public async Task Call_WithABadHeader_EndsWithItInA200(string header, string value, string code)
    {
        await using var server = await ConnectServer.StartAsync();

        using var response = await server.CallAsync(Path, Wire.JsonStream, Frame.Of("{}").Bytes, (header, value));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.StartsWith($$$"""{"error":{"code":"{{{code}}}",""", Assert.Single(await response.FramesAsync()).Text);
    }

    [Fact]
    public async Task Call_InAUnaryContentType_Answers415()
    {
        await using var server = await ConnectServer.StartAsync();

        using var response = await server.CallAsync(Path, Wire.Json, "{}");

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        Assert.Equal("application/connect+json, application/connect+proto", Assert.Single(response.Headers.GetValues("Accept-Post")));
    }

    public static TheoryData<string, byte[]> BrokenRequests => new()
    {
        { "empty body", [] },
        { "half a head", [0, 0, 0] },
        { "half a payload", [0, 0, 0, 0, 2, (byte)'{'] },
        { "two messages", [.. Frame.Of("{}").Bytes, .. Frame.Of("{}").Bytes] },
        { "bytes behind", [.. Frame.Of("{}").Bytes, 0] },
        { "end of stream", Frame.Of("{}", flags: 2).Bytes },
        { "unknown flags", Frame.Of("{}", flags: 0x80).Bytes },
        { "compressed, undeclared", new Frame(1, Wire.Gzip("{}"u8.ToArray())).Bytes },
        { "not JSON", Frame.Of("hello").Bytes },
    };

    [Theory]
    [MemberData(nameof(BrokenRequests))]
    public async Task Body_Broken_EndsInvalidArgument(string what, byte[] body)
    {
        await using var server = await ConnectServer.StartAsync();

        using var response = await server.CallAsync(Path, Wire.JsonStream, body);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var end = Assert.Single(await response.FramesAsync());
        Assert.True(end.Text.StartsWith("""{"error":{"code":"invalid_argument",""", StringComparison.Ordinal), $"{what}: {end.Text}");
        Assert.Empty(server.Unexpected);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Message_LargerThanTheLimit_EndsResourceExhausted(byte flags)
    {
        await using var server = await ConnectServer.StartAsync(maxRequestBytes: 1000);
        var json = Encoding.UTF8.GetBytes($$"""{"tag":"{{new string('a', 100_000)}}"}""");

        using var response = await server.CallAsync(
            Path, Wire.JsonStream, new Frame(flags, flags == 1 ? Wire.Gzip(json) : json).Bytes, ("Connect-Content-Encoding", "gzip"));

        Assert.StartsWith("""{"error":{"code":"resource_exhausted",""", Assert.Single(await response.FramesAsync()).Text);
    }

    [Fact]
    public async Task Message_Compressed_IsReadAndTheAnswerIsNot()
    {
        await using var server = await ConnectServer.StartAsync();
        server.OnStart = (request, answers, context) => answers.WriteAsync(
            new StartResponse { Event = new ProcessEvent { End = new ProcessEvent.Types.EndEvent { Status = request.Tag } } }, context.CancellationToken).AsTask();

        using var response = await server.CallAsync(
            Path, Wire.JsonStream, new Frame(1, Wire.Gzip("""{"tag":"t"}"""u8.ToArray())).Bytes,
            ("Connect-Content-Encoding", "gzip"), ("Connect-Accept-Encoding", "gzip"));

        Assert.False(response.Headers.Contains("Connect-Content-Encoding"));
        Assert.Equal("""{"event":{"end":{"status":"t"}}}""", (await response.FramesAsync())[0].Text);
    }

    [Theory]
    [InlineData(Wire.JsonStream)]
    [InlineData(Wire.ProtoStream)]
    public async Task ClientStream_OfMessages_IsReadInOrderAndAnsweredOnce(string contentType)
    {
        await using var server = await ConnectServer.StartAsync();
        var input = new StringBuilder();
        server.OnStreamInput = async (requests, _) =>
        {
            await foreach (var request in requests)
            {
                input.Append(request.EventCase).Append(' ').Append(request.Data?.Input.Stdin.ToStringUtf8()).Append('|');
            }

            return new StreamInputResponse();
        };
        Frame[] frames = contentType == Wire.JsonStream
            ? [Frame.Of("""{"start":{"process":{"pid":7}}}"""), Frame.Of("""{"data":{"input":{"stdin":"aGkK"}}}"""), Frame.Of("""{"keepalive":{}}""")]
            : [
                Frame.Of(new StreamInputRequest { Start = new() { Process = new ProcessSelector { Pid = 7 } } }),
                Frame.Of(new StreamInputRequest { Data = new() { Input = new ProcessInput { Stdin = ByteString.CopyFromUtf8("hi\n") } } }),
                Frame.Of(new StreamInputRequest { Keepalive = new() }),
            ];

        using var response = await server.CallAsync(InputPath, contentType, [.. frames.SelectMany(frame => frame.Bytes)]);

        var answer = await response.FramesAsync();
        Assert.Equal("Start |Data hi\n|Keepalive |", input.ToString());
        Assert.Equal([0, 2], answer.Select(frame => (int)frame.Flags));
        Assert.Equal("{}", answer[1].Text);
    }

    [Fact]
    public async Task ClientStream_Broken_EndsInvalidArgument()
    {
        await using var server = await ConnectServer.StartAsync();

        using var response = await server.CallAsync(InputPath, Wire.JsonStream, [.. Frame.Of("{}").Bytes, 0, 0]);

        Assert.StartsWith("""{"error":{"code":"invalid_argument",""", Assert.Single(await response.FramesAsync()).Text);
    }

    [Fact]
    public async Task Client_GoesAway_CancelsTheHandlerAndNothingIsReported()
    {
        await using var server = await ConnectServer.StartAsync();
        var cancelled = new TaskCompletionSource();
        server.OnStart = async (_, answers, context) =>
        {
            await answers.WriteAsync(Life[0], context.CancellationToken);
            try
            {
                await Task.Delay(Timeout.Infinite, context.CancellationToken);
            }
            finally
            {
                cancelled.SetResult();
            }
        };

        var response = await server.CallAsync(Path, Wire.JsonStream, Frame.Of("{}").Bytes);
        response.Dispose();

        await cancelled.Task.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Empty(server.Unexpected);
    }

    [Fact]
    public async Task Write_WhileAnotherIsGoingOn_OrAfterTheEnd_Throws()
    {
        await using var server = await ConnectServer.StartAsync();
        ConnectResponseStream<StartResponse>? kept = null;
        server.OnStart = (_, answers, _) =>
        {
            kept = answers;
            return Task.CompletedTask;
        };

        using var response = await server.CallAsync(Path, Wire.JsonStream, Frame.Of("{}").Bytes);
        await response.FramesAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await kept!.WriteAsync(Life[0], CancellationToken.None));
    }
}
