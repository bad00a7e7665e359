using System.Buffers;
using Alcove.Connect.Codecs;
using Alcove.Connect.Framing;
using Google.Protobuf;

namespace Alcove.Connect.Client;

/// <summary>What has come of a stream so far: its last message, or its end.</summary>
internal sealed class StreamAnswer<TResponse>(MessageParser<TResponse> parser)
    where TResponse : IMessage<TResponse>
{
    private ConnectException? _error;

    public bool Ended { get; private set; }

    public TResponse? Message { get; private set; }

    public void Take(EnvelopeFlags flags, ReadOnlySequence<byte> payload)
    {
        switch (flags)
        {
            case var _ when Ended:
                throw new MalformedException("the stream goes on after its end message");
            case EnvelopeFlags.None:
                Message = MessageCodec.Binary.Read(payload, parser);
                break;
            case EnvelopeFlags.EndOfStream:
                _error = ClientErrors.OfEnd(payload);
                Ended = true;
                break;
            default:
                throw new MalformedException($"a message has unexpected flags: {(byte)flags}");
        }
    }

    /// <exception cref="ConnectException">What the end message says.</exception>
    /// <exception cref="MalformedException">There was no end message.</exception>
    public void ThrowIfFailed()
    {
        if (!Ended)
        {
            throw new MalformedException("the stream ended without an end message");
        }

        if (_error is not null)
        {
            throw _error;
        }
    }
}
