using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Alcove.Connect;
using CsCheck;
using Google.Protobuf;
using Xunit;

namespace Alcove.Tests.Connect;

/// <summary>Whatever is sent, what comes back is an answer of the protocol, and nothing unexpected happens inside.</summary>
public sealed class GarbageTests
{
    private static readonly Gen<byte[]> AnyBody = Gen.OneOf(
        Gen.Byte.Array[0, 40],
        Gen.Select(AnyMessage.Gen, Damage.Gen, (message, damage) => damage.Apply(Frame.Of(JsonFormatter.Default.Format(message)).Bytes)),
        Gen.Select(AnyMessage.Gen, Damage.Gen, (message, damage) => damage.Apply(Frame.Of(message).Bytes)),
        Gen.Select(AnyMessage.Gen, Damage.Gen, (message, damage) => damage.Apply(Encoding.UTF8.GetBytes(JsonFormatter.Default.Format(message)))),
        Gen.Select(AnyMessage.Gen, Damage.Gen, (message, damage) => damage.Apply(new Frame(1, Wire.Gzip(message.ToByteArray())).Bytes)),
        Gen.Select(AnyMessage.Gen, Damage.Gen, (message, damage) => damage.Apply(Wire.Gzip(message.ToByteArray()))));

    private static readonly Gen<(string, string)> AnyHeader = Gen.Select(
        Gen.OneOfConst("Connect-Timeout-Ms", "Connect-Protocol-Version", "Content-Encoding", "Connect-Content-Encoding", "X-Nothing"),
        Gen.OneOfConst("", "1", "gzip", "identity", "br", "10000", "99999999999", "-1", " ", "gzip, br"));

    [Fact]
    public async Task Unary_GivenAnything_AnswersAMessageOrAnError()
    {
        await using var server = await ConnectServer.StartAsync();

        await Gen.Select(Gen.OneOfConst(Wire.Json, Wire.Proto), AnyBody, AnyHeader).SampleAsync(
            async call =>
            {
                var (type, body, header) = call;
                using var response = await server.CallAsync(ConnectServer.Stat.Path, type, body, header);
                Assert.True(response.StatusCode == HttpStatusCode.OK || CodeOf(await response.TextAsync()).ToHttpStatus() == (int)response.StatusCode);
            },
            iter: 500);

        Assert.Empty(server.Unexpected);
    }

    [Fact]
    public async Task Streams_GivenAnything_AnswerMessagesAndAnEnd()
    {
        await using var server = await ConnectServer.StartAsync();

        await Gen.Select(Gen.OneOfConst(ConnectServer.Start.Path, ConnectServer.StreamInput.Path), Gen.OneOfConst(Wire.JsonStream, Wire.ProtoStream), AnyBody, AnyHeader)
            .SampleAsync(
                async call =>
                {
                    var (path, type, body, header) = call;
                    using var response = await server.CallAsync(path, type, body, header);
                    var frames = await response.FramesAsync();
                    Assert.Equal(HttpStatusCode.OK, response.StatusCode);
                    Assert.All(frames[..^1], frame => Assert.Equal(0, frame.Flags));
                    Assert.Equal(2, frames[^1].Flags);
                    AssertEnd(frames[^1].Text);
                },
                iter: 500);

        Assert.Empty(server.Unexpected);
    }

    [Theory]
    [InlineData("application/json", "Content-Length: 10\r\n\r\n{\"pa")]
    [InlineData("application/connect+json", "Content-Length: 10\r\n\r\n\0\0\0\0\u0002{")]
    [InlineData("application/connect+json", "Transfer-Encoding: chunked\r\n\r\n3\r\n\0\0\0\r\n")]
    [InlineData("application/json", "Transfer-Encoding: chunked\r\n\r\nnonsense\r\n")]
    public async Task Body_CutByTheClient_DisturbsNobody(string contentType, string rest)
    {
        await using var server = await ConnectServer.StartAsync();
        var path = contentType == Wire.Json ? ConnectServer.Stat.Path : ConnectServer.Start.Path;
        using (var socket = new Socket(SocketType.Stream, ProtocolType.Tcp))
        {
            await socket.ConnectAsync(IPAddress.Loopback, server.Address.Port, TestContext.Current.CancellationToken);
            await socket.SendAsync(
                Encoding.Latin1.GetBytes($"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: {contentType}\r\n{rest}"), TestContext.Current.CancellationToken);
            socket.Shutdown(SocketShutdown.Send);
            await UntilClosedAsync(socket);
        }

        using var response = await server.CallAsync(ConnectServer.Stat.Path, Wire.Json, "{}");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Empty(server.Unexpected);
    }

    /// <summary>Whatever it says, and whether it says goodbye: the end is what matters.</summary>
    private static async Task UntilClosedAsync(Socket socket)
    {
        try
        {
            while (await socket.ReceiveAsync(new byte[1024], TestContext.Current.CancellationToken) > 0)
            {
            }
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
        }
    }

    private static ConnectCode CodeOf(string json)
    {
        using var error = JsonDocument.Parse(json);
        Assert.True(ConnectCodes.TryParse(error.RootElement.GetProperty("code").GetString()!, out var code));
        return code;
    }

    private static void AssertEnd(string json)
    {
        using var end = JsonDocument.Parse(json);
        if (end.RootElement.TryGetProperty("error", out var error))
        {
            CodeOf(error.GetRawText());
        }
    }
}
