using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Alcove.Connect;
using Alcove.Connect.Framing;
using Alcove.Protocol.Filesystem;
using Alcove.Protocol.Processes;
using CsCheck;
using Google.Protobuf;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Xunit;

namespace Alcove.Tests.Connect;

/// <summary>Calls over everything that carries them, in whatever pieces it delivers.</summary>
public sealed class TransportTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public Task Envelopes_InAnyPieces_AreReadAlike() => Gen.Select(Gen.Byte.Array[0, 30].Array[0, 5], Gen.Int[1, 12].Array[1, 5]).SampleAsync(
        async sample =>
        {
            var (payloads, sizes) = sample;
            byte[] bytes = [.. payloads.SelectMany(payload => new Frame(0, payload).Bytes)];
            var pipe = new Pipe();

            var writing = WriteInPiecesAsync(pipe.Writer, bytes, sizes);
            var read = new List<byte[]>();
            var envelopes = new EnvelopeReader(pipe.Reader, maxBytes: 1000);
            while (await envelopes.ReadAsync((_, payload) => read.Add(System.Buffers.BuffersExtensions.ToArray(payload)), Cancellation))
            {
            }

            await writing;
            Assert.Equal(payloads, read);
        },
        iter: 1000);

    [Fact]
    public async Task Call_ByteByByte_IsAnsweredAlike()
    {
        await using var server = await ConnectServer.StartAsync();
        string? tag = null;
        server.OnStart = (request, _, _) =>
        {
            tag = request.Tag;
            return Task.CompletedTask;
        };
        var frame = Frame.Of("""{"tag":"t"}""").Bytes;
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, server.Address.Port, Cancellation);

        var head = $"POST {ConnectServer.Start.Path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: {Wire.JsonStream}\r\nContent-Length: {frame.Length}\r\n\r\n";
        foreach (var part in System.Text.Encoding.ASCII.GetBytes(head).Concat(frame))
        {
            await socket.SendAsync(new[] { part }, Cancellation);
        }

        await using var answer = new NetworkStream(socket);
        using var text = new StreamReader(answer);
        Assert.Contains("{}", await text.ReadToEndAsync(Cancellation), StringComparison.Ordinal);
        Assert.Equal("t", tag);
    }

    [Fact]
    public async Task Calls_OverCleartextHttp2_AreAnswered()
    {
        await using var server = await ConnectServer.StartAsync(protocols: HttpProtocols.Http2);
        server.OnStart = async (request, answers, context) =>
        {
            Assert.Equal("HTTP/2", context.Http.Request.Protocol);
            await answers.WriteAsync(new StartResponse(), context.CancellationToken);
            throw new ConnectException(ConnectCode.NotFound, request.Tag);
        };
        using var http = new HttpMessageInvoker(new Http2Only(new SocketsHttpHandler()));
        var client = new ConnectClient(http, server.Address);

        var answer = await client.UnaryAsync(ConnectServer.Stat, new StatRequest { Path = "/tmp" }, Cancellation);
        await using var messages = client.ServerStreamingAsync(ConnectServer.Start, new StartRequest { Tag = "t" }, Cancellation).GetAsyncEnumerator(Cancellation);

        Assert.Equal("/tmp", answer.Entry.Path);
        Assert.True(await messages.MoveNextAsync());
        Assert.Equal("t", (await Assert.ThrowsAsync<ConnectException>(async () => await messages.MoveNextAsync())).Message);
    }

    [Fact]
    public async Task Calls_OverAUnixSocket_AreAnswered()
    {
        var directory = Directory.CreateTempSubdirectory("alcove-connect-");
        var path = Path.Combine(directory.FullName, "socket");
        try
        {
            await using var server = await ConnectServer.StartAsync(socket: path);
            using var http = new HttpMessageInvoker(UnixSocketHandler.Create(path));

            var answer = await new ConnectClient(http, new Uri("http://node/")).UnaryAsync(ConnectServer.Stat, new StatRequest { Path = "/tmp" }, Cancellation);

            Assert.Equal("/tmp", answer.Entry.Path);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task UnixSocket_WithoutServer_IsUnavailable()
    {
        using var http = new HttpMessageInvoker(UnixSocketHandler.Create("/nowhere/alcove.sock"));
        var client = new ConnectClient(http, new Uri("http://node/"));

        var thrown = await Assert.ThrowsAsync<ConnectException>(() => client.UnaryAsync(ConnectServer.Stat, new StatRequest(), Cancellation));

        Assert.Equal(ConnectCode.Unavailable, thrown.Code);
    }

    [Fact]
    public async Task Stream_MayBeSilentInBothDirections()
    {
        await using var server = await ConnectServer.StartAsync();
        var rates = new List<MinDataRate?>();
        server.OnStart = (_, _, context) =>
        {
            rates.Add(context.Http.Features.Get<IHttpMinRequestBodyDataRateFeature>()!.MinDataRate);
            rates.Add(context.Http.Features.Get<IHttpMinResponseDataRateFeature>()!.MinDataRate);
            return Task.CompletedTask;
        };

        using var response = await server.CallAsync(ConnectServer.Start.Path, Wire.ProtoStream, Frame.Of(new StartRequest()).Bytes);
        await response.FramesAsync();

        Assert.Equal([null, null], rates);
    }

    [Fact]
    public async Task Stream_ThatNobodyReads_IsFreedByItsDeadline()
    {
        await using var server = await ConnectServer.StartAsync();
        var freed = new TaskCompletionSource();
        var large = new StartResponse { Event = new ProcessEvent { Data = new() { Stdout = ByteString.CopyFrom(new byte[1024 * 1024]) } } };
        server.OnStart = async (_, answers, _) =>
        {
            try
            {
                while (true)
                {
                    await answers.WriteAsync(large, CancellationToken.None);
                }
            }
            catch (OperationCanceledException)
            {
                freed.SetResult();
                throw;
            }
        };

        using var response = await server.CallAsync(ConnectServer.Start.Path, Wire.ProtoStream, Frame.Of(new StartRequest()).Bytes, ("Connect-Timeout-Ms", "1000"));
        server.Time.Advance(TimeSpan.FromSeconds(1));

        await freed.Task.WaitAsync(Cancellation);
        Assert.Empty(server.Unexpected);
    }

    private static async Task WriteInPiecesAsync(PipeWriter writer, byte[] bytes, int[] sizes)
    {
        for (int at = 0, turn = 0; at < bytes.Length; turn++)
        {
            var size = Math.Min(sizes[turn % sizes.Length], bytes.Length - at);
            await writer.WriteAsync(bytes.AsMemory(at, size), Cancellation);
            await Task.Yield();
            at += size;
        }

        await writer.CompleteAsync();
    }

    private sealed class Http2Only(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Version = HttpVersion.Version20;
            request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
            return base.SendAsync(request, cancellationToken);
        }
    }
}
