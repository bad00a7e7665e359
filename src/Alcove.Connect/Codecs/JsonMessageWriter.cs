using System.Collections;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Alcove.Connect.Codecs;

/// <summary>Writes messages as canonical JSON: lowerCamelCase names, zero and empty values left out, 64-bit integers as strings, bytes as base64, enums by name.</summary>
/// <remarks>Well-known types are written by Google.Protobuf; fields of a wrapper type or of <c>Any</c> are not supported, as no message of ours has one.</remarks>
internal static class JsonMessageWriter
{
    /// <summary>Text outside ASCII stays as it is: it is UTF-8, and it is not going to be put into HTML.</summary>
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static void Write(Utf8JsonWriter writer, IMessage message)
    {
        if (WellKnown.Is(message.Descriptor))
        {
            writer.WriteRawValue(JsonFormatter.Default.Format(message), skipInputValidation: true);
            return;
        }

        writer.WriteStartObject();
        foreach (var field in message.Descriptor.Fields.InFieldNumberOrder())
        {
            WriteField(writer, message, field);
        }

        writer.WriteEndObject();
    }

    private static void WriteField(Utf8JsonWriter writer, IMessage message, FieldDescriptor field)
    {
        if (field.HasPresence && !field.Accessor.HasValue(message))
        {
            return;
        }

        var value = field.Accessor.GetValue(message);
        if (!field.HasPresence && IsEmpty(value))
        {
            return;
        }

        writer.WritePropertyName(field.JsonName);
        WriteValue(writer, field, value);
    }

    private static void WriteValue(Utf8JsonWriter writer, FieldDescriptor field, object value)
    {
        if (field.IsMap)
        {
            WriteMap(writer, field, (IDictionary)value);
        }
        else if (field.IsRepeated)
        {
            WriteList(writer, field, (IList)value);
        }
        else
        {
            WriteSingle(writer, field, value);
        }
    }

    private static void WriteList(Utf8JsonWriter writer, FieldDescriptor field, IList values)
    {
        writer.WriteStartArray();
        foreach (var value in values)
        {
            WriteSingle(writer, field, value);
        }

        writer.WriteEndArray();
    }

    private static void WriteMap(Utf8JsonWriter writer, FieldDescriptor field, IDictionary entries)
    {
        var valueField = field.MessageType.FindFieldByNumber(2);
        writer.WriteStartObject();
        foreach (DictionaryEntry entry in entries)
        {
            writer.WritePropertyName(MapKey(entry.Key));
            WriteSingle(writer, valueField, entry.Value!);
        }

        writer.WriteEndObject();
    }

    private static string MapKey(object key) =>
        key is bool flag ? (flag ? "true" : "false") : Convert.ToString(key, CultureInfo.InvariantCulture)!;

    private static void WriteSingle(Utf8JsonWriter writer, FieldDescriptor field, object value)
    {
        switch (value)
        {
            case string text:
                writer.WriteStringValue(text);
                break;
            case ByteString bytes:
                writer.WriteBase64StringValue(bytes.Span);
                break;
            case IMessage message:
                Write(writer, message);
                break;
            case bool flag:
                writer.WriteBooleanValue(flag);
                break;
            default:
                WriteNumber(writer, field, value);
                break;
        }
    }

    private static void WriteNumber(Utf8JsonWriter writer, FieldDescriptor field, object value)
    {
        switch (value)
        {
            case int number:
                writer.WriteNumberValue(number);
                break;
            case uint number:
                writer.WriteNumberValue(number);
                break;
            case long or ulong:
                writer.WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
            case float number when float.IsFinite(number):
                writer.WriteNumberValue(number);
                break;
            case double number when double.IsFinite(number):
                writer.WriteNumberValue(number);
                break;
            case float or double:
                writer.WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
            default:
                WriteEnum(writer, field.EnumType, (int)value);
                break;
        }
    }

    private static void WriteEnum(Utf8JsonWriter writer, EnumDescriptor type, int number)
    {
        if (type.FindValueByNumber(number) is { } known)
        {
            writer.WriteStringValue(known.Name);
        }
        else
        {
            writer.WriteNumberValue(number);
        }
    }

    private static bool IsEmpty(object value) => value switch
    {
        string text => text.Length == 0,
        ByteString bytes => bytes.IsEmpty,
        ICollection items => items.Count == 0,
        bool flag => !flag,
        int number => number == 0,
        uint number => number == 0,
        long number => number == 0,
        ulong number => number == 0,
        float number => BitConverter.SingleToInt32Bits(number) == 0,
        double number => BitConverter.DoubleToInt64Bits(number) == 0,
        _ => (int)value == 0,
    };
}
