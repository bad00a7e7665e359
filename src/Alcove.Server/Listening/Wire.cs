using System.Buffers;
using System.IO.Pipelines;

namespace Alcove.Server.Listening;

/// <summary>What a client speaks on a connection, told by its first bytes.</summary>
internal enum Wire
{
    /// <summary>Cleartext HTTP/1.x: whatever is neither of the others.</summary>
    Http1,

    /// <summary>Cleartext HTTP/2 with prior knowledge: the connection preface <c>PRI * HTTP/2.0</c>.</summary>
    Http2,

    /// <summary>A TLS handshake record; ALPN chooses between HTTP/2 and HTTP/1.1.</summary>
    Tls,
}

internal static class WireRecognition
{
    private const byte TlsHandshakeRecord = 0x16;

    /// <summary>Enough of the preface to tell it from every method that is in use (PROPFIND and PROPPATCH share two letters with it).</summary>
    private static ReadOnlySpan<byte> Preface => "PRI "u8;

    /// <summary>Waits for as many bytes as the decision takes and leaves all of them to be read again.</summary>
    /// <returns>Null when the client closed without a word.</returns>
    public static async ValueTask<Wire?> RecognizeAsync(PipeReader input, CancellationToken cancellationToken)
    {
        long examined = 0;
        while (true)
        {
            var result = await input.ReadAsync(cancellationToken);
            var wire = Recognize(result.Buffer, result.IsCompleted);
            if (wire is null && !result.IsCompleted)
            {
                examined = result.Buffer.Length;
                input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                continue;
            }

            // What has been examined may not be taken back, and nothing more may be, or the next read would wait for further bytes.
            input.AdvanceTo(result.Buffer.Start, result.Buffer.GetPosition(examined));
            return wire;
        }
    }

    /// <returns>Null when there are too few bytes to tell.</returns>
    private static Wire? Recognize(ReadOnlySequence<byte> bytes, bool isLast)
    {
        if (bytes.IsEmpty)
        {
            return null;
        }

        Span<byte> start = stackalloc byte[(int)Math.Min(bytes.Length, Preface.Length)];
        bytes.Slice(0, start.Length).CopyTo(start);
        return start switch
        {
            [TlsHandshakeRecord, ..] => Wire.Tls,
            _ when !Preface.StartsWith(start) => Wire.Http1,
            { Length: 4 } => Wire.Http2,
            _ => isLast ? Wire.Http1 : null,
        };
    }
}
