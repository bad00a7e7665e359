using System.Buffers;
using System.IO.Pipelines;
using Alcove.Connect.Codecs;

namespace Alcove.Connect.Framing;

internal static class BodyReader
{
    /// <summary>Reads a body to its end. The caller advances or completes the reader when it is done with the bytes.</summary>
    /// <exception cref="ConnectException">It is larger than the limit.</exception>
    public static async ValueTask<ReadOnlySequence<byte>> ReadAllAsync(PipeReader body, int maxBytes, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await body.ReadAsync(cancellationToken);
            if (read.Buffer.Length > maxBytes)
            {
                body.AdvanceTo(read.Buffer.End);
                MessageSize.Check(read.Buffer.Length, maxBytes);
            }

            if (read.IsCompleted)
            {
                return read.Buffer;
            }

            body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}
