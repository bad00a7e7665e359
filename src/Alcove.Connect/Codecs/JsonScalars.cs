using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Alcove.Connect.Codecs;

/// <summary>Reads single values, boxed as Google.Protobuf's accessors want them.</summary>
/// <remarks>Every method throws <see cref="JsonException"/> where the value does not fit the field.</remarks>
internal static class JsonScalars
{
    public static object Read(ref Utf8JsonReader reader, FieldDescriptor field) => field.FieldType switch
    {
        FieldType.String when reader.TokenType == JsonTokenType.String => Text(ref reader),
        FieldType.Bytes when reader.TokenType == JsonTokenType.String => Bytes(ref reader, field),
        FieldType.Bool when reader.TokenType is JsonTokenType.True or JsonTokenType.False => reader.GetBoolean(),
        FieldType.Double => Real(ref reader, field, double.MaxValue),
        FieldType.Float => (float)Real(ref reader, field, float.MaxValue),
        FieldType.String or FieldType.Bytes or FieldType.Bool => throw Misfit(field),
        _ => Integer(field, Number(ref reader, field)),
    };

    /// <returns>The number of the value, null where its name is unknown.</returns>
    public static object? EnumNumber(ref Utf8JsonReader reader, FieldDescriptor field) => reader.TokenType switch
    {
        JsonTokenType.String => field.EnumType.FindValueByName(Text(ref reader))?.Number,
        JsonTokenType.Number when reader.TryGetInt32(out var number) => number,
        _ => throw Misfit(field),
    };

    /// <summary>The key of a map's entry, from a property's name.</summary>
    public static object MapKey(ref Utf8JsonReader reader, FieldDescriptor field)
    {
        var text = Text(ref reader);
        return field.FieldType switch
        {
            FieldType.String => text,
            FieldType.Bool => bool.TryParse(text, out var flag) ? flag : throw Misfit(field),
            _ => Integer(field, Number(text, field)),
        };
    }

    public static string Text(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException("a string is not valid Unicode", e);
        }
    }

    /// <summary>Whatever value comes, as it is written.</summary>
    public static string Raw(ref Utf8JsonReader reader)
    {
        var value = JsonElement.ParseValue(ref reader);
        try
        {
            return value.GetRawText();
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException("a value is not valid Unicode", e);
        }
    }

    /// <summary>Base64 in either alphabet, padded or not.</summary>
    private static ByteString Bytes(ref Utf8JsonReader reader, FieldDescriptor field)
    {
        if (!reader.ValueIsEscaped && reader.TryGetBytesFromBase64(out var bytes))
        {
            return UnsafeByteOperations.UnsafeWrap(bytes);
        }

        try
        {
            var text = Text(ref reader).Replace('+', '-').Replace('/', '_');
            return UnsafeByteOperations.UnsafeWrap(Base64Url.DecodeFromChars(text));
        }
        catch (FormatException)
        {
            throw Misfit(field);
        }
    }

    private static decimal Number(ref Utf8JsonReader reader, FieldDescriptor field) => reader.TokenType switch
    {
        JsonTokenType.Number => reader.TryGetDecimal(out var number) ? number : throw Misfit(field),
        JsonTokenType.String => Number(Text(ref reader), field),
        _ => throw Misfit(field),
    };

    private static decimal Number(string text, FieldDescriptor field)
    {
        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return decimal.TryParse(text, Style, CultureInfo.InvariantCulture, out var number) ? number : throw Misfit(field);
    }

    private static object Integer(FieldDescriptor field, decimal number)
    {
        if (decimal.Truncate(number) != number)
        {
            throw Misfit(field);
        }

        try
        {
            return field.FieldType switch
            {
                FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => decimal.ToInt32(number),
                FieldType.UInt32 or FieldType.Fixed32 => decimal.ToUInt32(number),
                FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => decimal.ToInt64(number),
                FieldType.UInt64 or FieldType.Fixed64 => decimal.ToUInt64(number),
                _ => throw Misfit(field),
            };
        }
        catch (OverflowException)
        {
            throw Misfit(field);
        }
    }

    private static double Real(ref Utf8JsonReader reader, FieldDescriptor field, double largest) => reader.TokenType switch
    {
        JsonTokenType.Number => InRange(reader.GetDouble(), field, largest),
        JsonTokenType.String => Real(Text(ref reader), field, largest),
        _ => throw Misfit(field),
    };

    private static double Real(string text, FieldDescriptor field, double largest) => text switch
    {
        "NaN" => double.NaN,
        "Infinity" => double.PositiveInfinity,
        "-Infinity" => double.NegativeInfinity,
        _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => InRange(number, field, largest),
        _ => throw Misfit(field),
    };

    private static double InRange(double number, FieldDescriptor field, double largest) =>
        Math.Abs(number) <= largest ? number : throw Misfit(field);

    private static JsonException Misfit(FieldDescriptor field) => new($"{field.JsonName} is not a valid {field.FieldType}");
}
