using System.Buffers;
using System.Text.Json;
using Google.Protobuf;

namespace Alcove.Connect.Codecs;

/// <summary>Protobuf's canonical JSON. Bytes go between message and buffer without becoming strings on the way, since most of what is sent is output of processes.</summary>
internal sealed class JsonCodec : MessageCodec
{
    public override string Name => "json";

    /// <remarks>Long messages are long because of bytes, and four characters of base64 stand for three of these.</remarks>
    public override int Estimate(IMessage message) => (int)Math.Min(256 + (message.CalculateSize() * 3L / 2), Array.MaxLength / 2);

    public override void Write(IMessage message, IBufferWriter<byte> output)
    {
        using var writer = new Utf8JsonWriter(output, JsonMessageWriter.Options);
        JsonMessageWriter.Write(writer, message);
    }

    public override TMessage Read<TMessage>(ReadOnlySequence<byte> bytes, MessageParser<TMessage> parser)
    {
        var message = parser.ParseFrom([]);
        try
        {
            var reader = new Utf8JsonReader(bytes, JsonMessageReader.Options);
            JsonMessageReader.ReadDocument(ref reader, message);
            return message;
        }
        catch (Exception e) when (e is JsonException or InvalidProtocolBufferException or InvalidJsonException)
        {
            throw new MalformedException($"the message is not valid JSON: {e.Message}", e);
        }
    }
}
