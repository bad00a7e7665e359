using System.Buffers;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.Net.Http.Headers;

namespace Alcove.Server.Http1;

/// <summary>The first lines of a request, written as the client spelt them.</summary>
internal static class RequestHead
{
    /// <param name="request">Its target is written as it stands, its headers value by value.</param>
    /// <param name="isLast">Whether the connection is closed after the answer; the sandbox is told, so that it does not wait.</param>
    /// <param name="length">The body's length; null to send it in chunks.</param>
    /// <param name="output">Where the bytes go.</param>
    public static void Write(HttpRequestMessage request, bool isLast, long? length, IBufferWriter<byte> output)
    {
        Write(request.Method.Method, output);
        output.Write(" "u8);
        Write(request.RequestUri!.PathAndQuery, output);
        output.Write(" HTTP/1.1\r\n"u8);
        WriteAll(request.Headers.NonValidated, output);
        if (request.Content is { } content)
        {
            WriteAll(content.Headers.NonValidated, output);
        }

        if (length is null)
        {
            output.Write("Transfer-Encoding: chunked\r\n"u8);
        }
        else if (length == 0 && ExpectsBody(request))
        {
            output.Write("Content-Length: 0\r\n"u8);
        }

        if (isLast && !request.Headers.NonValidated.Contains(HeaderNames.Upgrade))
        {
            output.Write("Connection: close\r\n"u8);
        }

        output.Write("\r\n"u8);
    }

    /// <summary>Whether a server would miss a length: HTTP/2 clients need not send one where there is no body.</summary>
    private static bool ExpectsBody(HttpRequestMessage request) =>
        (request.Method == HttpMethod.Post || request.Method == HttpMethod.Put || request.Method == HttpMethod.Patch)
        && request.Content?.Headers.NonValidated.Contains(HeaderNames.ContentLength) is not true;

    private static void WriteAll(HttpHeadersNonValidated headers, IBufferWriter<byte> output)
    {
        foreach (var (name, values) in headers)
        {
            if (values.Count > 1 && name.Equals(HeaderNames.Cookie, StringComparison.OrdinalIgnoreCase))
            {
                // HTTP/2 clients may cut cookies into pieces, which HTTP/1.1 does not know.
                Write(name, string.Join("; ", values), output);
                continue;
            }

            foreach (var value in values)
            {
                Write(name, value, output);
            }
        }
    }

    private static void Write(string name, string value, IBufferWriter<byte> output)
    {
        Write(name, output);
        output.Write(": "u8);
        Write(value, output);
        output.Write("\r\n"u8);
    }

    private static void Write(string text, IBufferWriter<byte> output) => Encoding.Latin1.GetBytes(text, output);
}
