using System.Collections;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Alcove.Connect.Codecs;

/// <summary>Reads messages from canonical JSON, as generously as protobuf asks: either spelling of a name, unknown fields and enum names skipped, null for unset,
/// numbers as strings.</summary>
/// <remarks>Well-known types are read by Google.Protobuf; fields of a wrapper type or of <c>Any</c> are not supported, as no message of ours has one.</remarks>
internal static class JsonMessageReader
{
    /// <summary>100 levels is what protobuf's own readers stop at.</summary>
    public static readonly JsonReaderOptions Options = new() { MaxDepth = 100 };

    private static readonly JsonParser WellKnownParser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true));

    /// <summary>Reads the one object that is all of the document.</summary>
    /// <exception cref="JsonException">It is not JSON, or does not fit the message.</exception>
    public static void ReadDocument(ref Utf8JsonReader reader, IMessage message)
    {
        reader.Read();
        ReadObject(ref reader, message);
        reader.Read();
    }

    private static void ReadObject(ref Utf8JsonReader reader, IMessage message)
    {
        Expect(ref reader, JsonTokenType.StartObject, message.Descriptor.Name);
        var fields = FieldNames.Of(message.Descriptor);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = JsonScalars.Text(ref reader);
            reader.Read();
            if (fields.TryGetValue(name, out var field))
            {
                ReadField(ref reader, message, field);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static void ReadField(ref Utf8JsonReader reader, IMessage message, FieldDescriptor field)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            field.Accessor.Clear(message);
        }
        else if (field.IsMap)
        {
            ReadMap(ref reader, field, (IDictionary)field.Accessor.GetValue(message));
        }
        else if (field.IsRepeated)
        {
            ReadList(ref reader, field, (IList)field.Accessor.GetValue(message));
        }
        else if (ReadSingle(ref reader, field) is { } value)
        {
            RefuseSecondOfOneof(message, field);
            field.Accessor.SetValue(message, value);
        }
    }

    private static void RefuseSecondOfOneof(IMessage message, FieldDescriptor field)
    {
        if (field.RealContainingOneof is { } oneof && oneof.Accessor.GetCaseFieldDescriptor(message) is { } other && other != field)
        {
            throw new JsonException($"{field.JsonName} and {other.JsonName} exclude each other");
        }
    }

    private static void ReadList(ref Utf8JsonReader reader, FieldDescriptor field, IList values)
    {
        Expect(ref reader, JsonTokenType.StartArray, field.JsonName);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (ReadSingle(ref reader, field) is { } value)
            {
                values.Add(value);
            }
        }
    }

    private static void ReadMap(ref Utf8JsonReader reader, FieldDescriptor field, IDictionary entries)
    {
        Expect(ref reader, JsonTokenType.StartObject, field.JsonName);
        var keyField = field.MessageType.FindFieldByNumber(1);
        var valueField = field.MessageType.FindFieldByNumber(2);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var key = JsonScalars.MapKey(ref reader, keyField);
            reader.Read();
            if (ReadSingle(ref reader, valueField) is { } value)
            {
                entries[key] = value;
            }
        }
    }

    /// <returns>Null for the name of an enum's value that we do not know, which counts as absent.</returns>
    private static object? ReadSingle(ref Utf8JsonReader reader, FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Message => ReadMessage(ref reader, field.MessageType),
        FieldType.Enum => JsonScalars.EnumNumber(ref reader, field),
        _ => JsonScalars.Read(ref reader, field),
    };

    private static IMessage ReadMessage(ref Utf8JsonReader reader, MessageDescriptor type)
    {
        if (WellKnown.Is(type))
        {
            return WellKnownParser.Parse(JsonScalars.Raw(ref reader), type);
        }

        var message = type.Parser.ParseFrom([]);
        ReadObject(ref reader, message);
        return message;
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType token, string what)
    {
        if (reader.TokenType != token)
        {
            throw new JsonException($"{what} begins with {reader.TokenType} instead of {token}");
        }
    }
}
