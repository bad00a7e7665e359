using System.Net;
using System.Text;
using Alcove.Connect;
using Alcove.Protocol.Filesystem;
using Google.Protobuf;
using Xunit;

namespace Alcove.Tests.Connect;

public sealed class UnaryTests
{
    private const string Path = "/filesystem.Filesystem/Stat";

    public static TheoryData<ConnectCode, string, int> Codes => new()
    {
        { ConnectCode.Canceled, "canceled", 499 },
        { ConnectCode.Unknown, "unknown", 500 },
        { ConnectCode.InvalidArgument, "invalid_argument", 400 },
        { ConnectCode.DeadlineExceeded, "deadline_exceeded", 504 },
        { ConnectCode.NotFound, "not_found", 404 },
        { ConnectCode.AlreadyExists, "already_exists", 409 },
        { ConnectCode.PermissionDenied, "permission_denied", 403 },
        { ConnectCode.ResourceExhausted, "resource_exhausted", 429 },
        { ConnectCode.FailedPrecondition, "failed_precondition", 400 },
        { ConnectCode.Aborted, "aborted", 409 },
        { ConnectCode.OutOfRange, "out_of_range", 400 },
        { ConnectCode.Unimplemented, "unimplemented", 501 },
        { ConnectCode.Internal, "internal", 500 },
        { ConnectCode.Unavailable, "unavailable", 503 },
        { ConnectCode.DataLoss, "data_loss", 500 },
        { ConnectCode.Unauthenticated, "unauthenticated", 401 },
    };

    [Fact]
    public void Codes_AreAllOfThem() => Assert.Equal(Enum.GetValues<ConnectCode>().Length, Codes.Count);

    [Theory]
    [InlineData("application/json", "application/json")]
    [InlineData("application/json; charset=utf-8", "application/json; charset=utf-8")]
    [InlineData("application/json;charset=\"UTF-8\"", "application/json; charset=utf-8")]
    [InlineData("APPLICATION/JSON", "application/json")]
    public async Task Call_InJson_IsAnsweredInJson(string contentType, string mirrored)
    {
        await using var server = await ConnectServer.StartAsync();

        using var response = await server.CallAsync(Path, contentType, """{"path":"/tmp"}""");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(mirrored, response.Content.Headers.MediaType());
        Assert.Equal("""{"entry":{"path":"/tmp"}}""", await response.TextAsync());
    }

    [Fact]
    public async Task Call_InBinary_IsAnsweredInBinary()
    {
        await using var server = await ConnectServer.StartAsync();

        using var response = await server.CallAsync(Path, Wire.Proto, new StatRequest { Path = "/tmp" }.ToByteArray());

        Assert.Equal(Wire.Proto, response.Content.Headers.MediaType());
        Assert.Equal("/tmp", StatResponse.Parser.ParseFrom(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).Entry.Path);
    }

    [Theory]
    [MemberData(nameof(Codes))]
    public async Task Handler_ThrowsCode_AnswersStatusAndJson(ConnectCode code, string name, int status)
    {
        await using var server = await ConnectServer.StartAsync();
        server.OnStat = (_, _) => throw new ConnectException(code, "no such <thing> 'ä'");

        using var response = await server.CallAsync(Path, Wire.Proto, []);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(Wire.Json, response.Content.Headers.MediaType());
        Assert.Equal($$"""{"code":"{{name}}","message":"no such <thing> 'ä'"}""", await response.TextAsync());
    }

    [Fact]
    public async Task Handler_ThrowsWithoutMessage_LeavesItOut()
    {
        await using var server = await ConnectServer.StartAsync();
        server.OnStat = (_, _) => throw new ConnectException(ConnectCode.NotFound, "");

        using var response = await server.CallAsync(Path, Wire.Json, "{}");

        Assert.Equal("""{"code":"not_found"}""", await response.TextAsync());
    }

    [Fact]
    public async Task Handler_ThrowsAnythingElse_IsInternalAndReported()
    {
        await using var server = await ConnectServer.StartAsync();
        server.OnStat = (_, _) => throw new InvalidOperationException("the secret");

        using var response = await server.CallAsync(Path, Wire.Json, "{}");

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal("""{"code":"internal","message":"internal error"}""", await response.TextAsync());
        Assert.Equal("the secret", Assert.Single(server.Unexpected).Message);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/connect+json")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("nonsense")]
    [InlineData("")]
    [InlineData("application/grpc")]
    [InlineData("application/grpc-web+proto")]
    public async Task Call_InAnotherContentType_Answers415(string contentType)
    {
        await using var server = await ConnectServer.StartAsync();

        using var response = await server.CallAsync(Path, contentType, "{}");

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        Assert.Equal("application/json, application/proto", Assert.Single(response.Headers.GetValues("Accept-Post")));
    }

    [Fact]
    public async Task Call_ByGet_Answers405()
    {
        await using var server = await ConnectServer.StartAsync();

        using var response = await server.Http.GetAsync(new Uri(Path, UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal("POST", Assert.Single(response.Content.Headers.Allow));
    }

    [Fact]
    public async Task Call_OfAnUnknownPath_IsLeftToOthers()
    {
        await using var server = await ConnectServer.StartAsync();

        using var response = await server.CallAsync("/filesystem.Filesystem/Nothing", Wire.Json, "{}");

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Theory]
    [InlineData("Connect-Protocol-Version", "2", 400, "invalid_argument")]
    [InlineData("Connect-Timeout-Ms", "12345678901", 400, "invalid_argument")]
    [InlineData("Connect-Timeout-Ms", "1s", 400, "invalid_argument")]
    [InlineData("Connect-Timeout-Ms", "-1", 400, "invalid_argument")]
    [InlineData("Connect-Timeout-Ms", "0", 504, "deadline_exceeded")]
    [InlineData("Content-Encoding", "br", 501, "unimplemented")]
    public async Task Call_WithABadHeader_IsRefused(string header, string value, int status, string code)
    {
        await using var server = await ConnectServer.StartAsync();

        using var response = await server.CallAsync(Path, Wire.Json, "{}", (header, value));

        Assert.Equal(status, (int)response.StatusCode);
        Assert.StartsWith($$"""{"code":"{{code}}",""", await response.TextAsync());
    }

    [Theory]
    [InlineData("Connect-Protocol-Version", "1")]
    [InlineData("Connect-Timeout-Ms", "9999999999")]
    [InlineData("Content-Encoding", "identity")]
    public async Task Call_WithAGoodHeader_IsAnswered(string header, string value)
    {
        await using var server = await ConnectServer.StartAsync();

        using var response = await server.CallAsync(Path, Wire.Json, "{}", (header, value));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData(Wire.Json, "")]
    [InlineData(Wire.Json, "{")]
    [InlineData(Wire.Json, "[]")]
    [InlineData(Wire.Json, "{} {}")]
    [InlineData(Wire.Json, """{"path":7}""")]
    [InlineData(Wire.Json, """{"path":"\ud800"}""")]
    [InlineData(Wire.Proto, "not protobuf")]
    public async Task Body_Broken_IsInvalidArgument(string contentType, string body)
    {
        await using var server = await ConnectServer.StartAsync();

        using var response = await server.CallAsync(Path, contentType, body);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.StartsWith("""{"code":"invalid_argument",""", await response.TextAsync());
        Assert.Empty(server.Unexpected);
    }

    [Fact]
    public async Task Body_Compressed_IsReadAndTheAnswerIsNot()
    {
        await using var server = await ConnectServer.StartAsync();

        using var response = await server.CallAsync(
            Path, Wire.Json, Wire.Gzip("""{"path":"/tmp"}"""u8.ToArray()), ("Content-Encoding", "gzip"), ("Accept-Encoding", "gzip"));

        Assert.Empty(response.Content.Headers.ContentEncoding);
        Assert.Equal("""{"entry":{"path":"/tmp"}}""", await response.TextAsync());
    }

    [Fact]
    public async Task Body_CompressedBadly_IsInvalidArgument()
    {
        await using var server = await ConnectServer.StartAsync();
        var gzip = Wire.Gzip(Encoding.UTF8.GetBytes($$"""{"path":"{{new string('a', 5000)}}"}"""));

        foreach (var body in new[] { "not gzip"u8.ToArray(), gzip[..^9], gzip[..10] })
        {
            using var response = await server.CallAsync(Path, Wire.Json, body, ("Content-Encoding", "gzip"));

            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Body_LargerThanTheLimit_IsResourceExhausted(bool compressed)
    {
        await using var server = await ConnectServer.StartAsync(maxRequestBytes: 1000);
        var body = Encoding.UTF8.GetBytes($$"""{"path":"{{new string('a', 100_000)}}"}""");

        using var response = compressed
            ? await server.CallAsync(Path, Wire.Json, Wire.Gzip(body), ("Content-Encoding", "gzip"))
            : await server.CallAsync(Path, Wire.Json, body);

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.Equal("""{"code":"resource_exhausted","message":"message is larger than the limit of 1000 bytes"}""", await response.TextAsync());
    }

    [Fact]
    public async Task Body_LargerThanKestrelsOwnLimit_IsRead()
    {
        await using var server = await ConnectServer.StartAsync(maxRequestBytes: 64 * 1024 * 1024);
        var request = new StatRequest { Path = new string('a', 40_000_000) };
        server.OnStat = (got, _) => ValueTask.FromResult(new StatResponse { Entry = new EntryInfo { Size = got.Path.Length } });

        using var response = await server.CallAsync(Path, Wire.Proto, request.ToByteArray());

        var answer = StatResponse.Parser.ParseFrom(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal(40_000_000, answer.Entry.Size);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(int.MaxValue)]
    public void Limit_OutOfBounds_IsRefused(int bytes) =>
        Assert.Equal(nameof(ConnectOptions.MaxRequestBytes), Assert.Throws<ArgumentOutOfRangeException>(() => new ConnectOptions { MaxRequestBytes = bytes }).ParamName);

    [Fact]
    public async Task Client_GoesAway_CancelsTheHandler()
    {
        await using var server = await ConnectServer.StartAsync();
        var entered = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        server.OnStat = async (_, context) =>
        {
            entered.SetResult();
            context.CancellationToken.Register(cancelled.SetResult);
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
            return new StatResponse();
        };
        using var leave = new CancellationTokenSource();

        var call = server.Http.SendAsync(Wire.Request(Path, Wire.Json, "{}"u8.ToArray()), leave.Token);
        await entered.Task.WaitAsync(TestContext.Current.CancellationToken);
        await leave.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await cancelled.Task.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Empty(server.Unexpected);
    }
}
