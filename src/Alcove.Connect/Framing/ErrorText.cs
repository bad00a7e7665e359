using System.Buffers;
using System.Text.Json;
using Alcove.Connect.Codecs;

namespace Alcove.Connect.Framing;

/// <summary>Errors as JSON: the body of a failed unary answer, and the payload of a stream's last envelope.</summary>
internal static class ErrorText
{
    private static readonly JsonEncodedText Code = JsonEncodedText.Encode("code");
    private static readonly JsonEncodedText Message = JsonEncodedText.Encode("message");
    private static readonly JsonEncodedText Error = JsonEncodedText.Encode("error");

    /// <summary><c>{"code":"not_found","message":"…"}</c>, without an empty message.</summary>
    public static void WriteUnary(IBufferWriter<byte> output, ConnectException error)
    {
        using var writer = new Utf8JsonWriter(output, JsonMessageWriter.Options);
        Write(writer, error);
    }

    /// <summary><c>{}</c>, or <c>{"error":{"code":"not_found","message":"…"}}</c>.</summary>
    public static void WriteEnd(IBufferWriter<byte> output, ConnectException? error)
    {
        using var writer = new Utf8JsonWriter(output, JsonMessageWriter.Options);
        writer.WriteStartObject();
        if (error is not null)
        {
            writer.WritePropertyName(Error);
            Write(writer, error);
        }

        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, ConnectException error)
    {
        writer.WriteStartObject();
        writer.WriteString(Code, error.Code.ToName());
        if (error.Message.Length > 0)
        {
            writer.WriteString(Message, error.Message);
        }

        writer.WriteEndObject();
    }
}
