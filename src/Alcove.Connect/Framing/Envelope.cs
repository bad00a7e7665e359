using Alcove.Connect.Codecs;
using Google.Protobuf;

namespace Alcove.Connect.Framing;

/// <summary>Makes envelopes, each whole in one buffer: what cannot be written leaves no half of itself on the wire, and the rest is one write.</summary>
internal static class Envelope
{
    public static PooledBuffer OfMessage(MessageCodec codec, IMessage message)
    {
        var bytes = new PooledBuffer(EnvelopeHead.Size + codec.Estimate(message));
        bytes.Advance(EnvelopeHead.Size);
        codec.Write(message, bytes);
        return Sealed(bytes, EnvelopeFlags.None);
    }

    /// <summary>A stream's last envelope.</summary>
    /// <param name="error">Null for success.</param>
    public static PooledBuffer OfEnd(ConnectException? error)
    {
        var bytes = new PooledBuffer();
        bytes.Advance(EnvelopeHead.Size);
        ErrorText.WriteEnd(bytes, error);
        return Sealed(bytes, EnvelopeFlags.EndOfStream);
    }

    private static PooledBuffer Sealed(PooledBuffer bytes, EnvelopeFlags flags)
    {
        new EnvelopeHead(flags, (uint)(bytes.Length - EnvelopeHead.Size)).CopyTo(bytes.Written.Span);
        return bytes;
    }
}
