using System.Buffers;
using Google.Protobuf;

namespace Alcove.Connect.Codecs;

/// <summary>How messages are written and read: the last part of a Connect content type.</summary>
internal abstract class MessageCodec
{
    public static readonly MessageCodec Json = new JsonCodec();
    public static readonly MessageCodec Binary = new BinaryCodec();

    /// <summary>As in the content type: <c>json</c> or <c>proto</c>.</summary>
    public abstract string Name { get; }

    /// <summary>About how many bytes a message will take.</summary>
    public abstract int Estimate(IMessage message);

    public abstract void Write(IMessage message, IBufferWriter<byte> output);

    /// <exception cref="MalformedException">The bytes are not such a message.</exception>
    public abstract TMessage Read<TMessage>(ReadOnlySequence<byte> bytes, MessageParser<TMessage> parser)
        where TMessage : IMessage<TMessage>;
}
