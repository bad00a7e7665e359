using System.Buffers;
using Google.Protobuf;

namespace Alcove.Connect.Codecs;

/// <summary>Protobuf's binary form.</summary>
internal sealed class BinaryCodec : MessageCodec
{
    public override string Name => "proto";

    public override int Estimate(IMessage message) => message.CalculateSize();

    public override void Write(IMessage message, IBufferWriter<byte> output) => message.WriteTo(output);

    public override TMessage Read<TMessage>(ReadOnlySequence<byte> bytes, MessageParser<TMessage> parser)
    {
        try
        {
            return parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new MalformedException("the message is not valid protobuf", e);
        }
    }
}
