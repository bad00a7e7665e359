using System.Buffers;
using System.IO.Pipelines;
using Alcove.Connect.Codecs;

namespace Alcove.Connect.Framing;

/// <summary>Takes envelopes out of a body, however its bytes arrive.</summary>
internal sealed class EnvelopeReader(PipeReader source, int maxBytes)
{
    /// <summary>Shows the next envelope to <paramref name="take"/>, which may keep nothing of it.</summary>
    /// <returns>False, without calling it, when the body has ended.</returns>
    /// <exception cref="MalformedException">The body ends inside an envelope.</exception>
    /// <exception cref="ConnectException">The envelope is larger than the limit.</exception>
    public async ValueTask<bool> ReadAsync(Action<EnvelopeFlags, ReadOnlySequence<byte>> take, CancellationToken cancellationToken)
    {
        var bytes = await AtLeastAsync(EnvelopeHead.Size, cancellationToken);
        if (bytes.IsEmpty)
        {
            source.AdvanceTo(bytes.End);
            return false;
        }

        var head = EnvelopeHead.Parse(bytes);
        source.AdvanceTo(bytes.Start);
        MessageSize.Check(head.Length, maxBytes);

        var size = EnvelopeHead.Size + (int)head.Length;
        bytes = await AtLeastAsync(size, cancellationToken);
        try
        {
            take(head.Flags, bytes.Slice(EnvelopeHead.Size, head.Length));
        }
        finally
        {
            source.AdvanceTo(bytes.GetPosition(size));
        }

        return true;
    }

    /// <returns>As many bytes or more, or none at the end of the body.</returns>
    private async ValueTask<ReadOnlySequence<byte>> AtLeastAsync(int count, CancellationToken cancellationToken)
    {
        var bytes = (await source.ReadAtLeastAsync(count, cancellationToken)).Buffer;
        if (bytes.Length < count && !bytes.IsEmpty)
        {
            source.AdvanceTo(bytes.End);
            throw new MalformedException("the stream ends inside a message");
        }

        return bytes;
    }
}
