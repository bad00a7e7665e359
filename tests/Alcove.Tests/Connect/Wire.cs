using System.Buffers.Binary;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using Google.Protobuf;
using Xunit;

namespace Alcove.Tests.Connect;

/// <summary>An envelope as it stands on the wire.</summary>
internal sealed record Frame(byte Flags, byte[] Payload)
{
    public string Text => Encoding.UTF8.GetString(Payload);

    public byte[] Bytes
    {
        get
        {
            var bytes = new byte[5 + Payload.Length];
            bytes[0] = Flags;
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(1), Payload.Length);
            Payload.CopyTo(bytes, 5);
            return bytes;
        }
    }

    public static Frame Of(string json, byte flags = 0) => new(flags, Encoding.UTF8.GetBytes(json));

    public static Frame Of(IMessage message, byte flags = 0) => new(flags, message.ToByteArray());

    public static List<Frame> Split(ReadOnlySpan<byte> bytes)
    {
        var frames = new List<Frame>();
        while (!bytes.IsEmpty)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(bytes[1..]);
            frames.Add(new Frame(bytes[0], bytes.Slice(5, length).ToArray()));
            bytes = bytes[(5 + length)..];
        }

        return frames;
    }
}

/// <summary>Requests and answers as bytes, apart from the code under test.</summary>
internal static class Wire
{
    public const string Json = "application/json";
    public const string Proto = "application/proto";
    public const string JsonStream = "application/connect+json";
    public const string ProtoStream = "application/connect+proto";

    public static Task<HttpResponseMessage> CallAsync(
        this ConnectServer server, string path, string contentType, byte[] body, params (string Name, string Value)[] headers) =>
        server.Http.SendAsync(Request(path, contentType, body, headers), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

    public static Task<HttpResponseMessage> CallAsync(
        this ConnectServer server, string path, string contentType, string body, params (string Name, string Value)[] headers) =>
        server.CallAsync(path, contentType, Encoding.UTF8.GetBytes(body), headers);

    public static HttpRequestMessage Request(string path, string contentType, byte[] body, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        foreach (var (name, value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return request;
    }

    public static async Task<string> TextAsync(this HttpResponseMessage response) =>
        await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

    public static async Task<List<Frame>> FramesAsync(this HttpResponseMessage response) =>
        Frame.Split(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));

    public static byte[] Gzip(byte[] plain)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest))
        {
            gzip.Write(plain);
        }

        return compressed.ToArray();
    }

    public static string? MediaType(this HttpContentHeaders headers) => headers.ContentType?.ToString();
}
