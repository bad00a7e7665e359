using System.Collections;
using Alcove.Protocol.Filesystem;
using Alcove.Protocol.Processes;
using CsCheck;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace Alcove.Tests.Connect;

/// <summary>Generates messages of any type from its description.</summary>
internal static class AnyMessage
{
    private const string Letters = "aZ0 \"\\/<>&'\t\n\0\u007f\u00e4\u2028\ufeff\uffff";

    private static readonly MessageDescriptor[] Types =
    [
        .. ProcessReflection.Descriptor.MessageTypes,
        .. FilesystemReflection.Descriptor.MessageTypes,
        EveryKind.Descriptor,
        EveryKind.Descriptor,
        EveryKind.Descriptor,
    ];

    public static readonly Gen<IMessage> Gen = CsCheck.Gen.Select(CsCheck.Gen.OneOfConst(Types), CsCheck.Gen.Int, (type, seed) => Make(type, new Random(seed), depth: 3));

    private static IMessage Make(MessageDescriptor type, Random random, int depth)
    {
        if (type == Timestamp.Descriptor)
        {
            return new Timestamp { Seconds = random.NextInt64(-62135596800, 253402300800), Nanos = Nanos(random) };
        }

        if (type == Duration.Descriptor)
        {
            return new Duration { Seconds = random.NextInt64(0, 315576000000), Nanos = Nanos(random) };
        }

        var message = type.Parser.ParseFrom([]);
        foreach (var field in type.Fields.InFieldNumberOrder().Where(_ => random.Next(3) == 0))
        {
            Fill(message, field, random, depth - 1);
        }

        return message;
    }

    private static void Fill(IMessage message, FieldDescriptor field, Random random, int depth)
    {
        if (field.FieldType == FieldType.Message && depth == 0)
        {
            return;
        }

        if (field.IsMap)
        {
            var entries = (IDictionary)field.Accessor.GetValue(message);
            for (var i = random.Next(3); i > 0; i--)
            {
                entries[Value(field.MessageType.FindFieldByNumber(1), random, depth)] = Value(field.MessageType.FindFieldByNumber(2), random, depth);
            }
        }
        else if (field.IsRepeated)
        {
            var values = (IList)field.Accessor.GetValue(message);
            for (var i = random.Next(3); i > 0; i--)
            {
                values.Add(Value(field, random, depth));
            }
        }
        else
        {
            field.Accessor.SetValue(message, Value(field, random, depth));
        }
    }

    private static object Value(FieldDescriptor field, Random random, int depth) => field.FieldType switch
    {
        FieldType.Double => Real(random),
        FieldType.Float => (float)Real(random),
        FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => (int)Bits(random),
        FieldType.UInt32 or FieldType.Fixed32 => (uint)Bits(random),
        FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => Bits(random),
        FieldType.UInt64 or FieldType.Fixed64 => (ulong)Bits(random),
        FieldType.Bool => random.Next(2) == 0,
        FieldType.String => Text(random),
        FieldType.Bytes => Bytes(random),
        FieldType.Enum => random.Next(4) == 0 ? random.Next(100) : field.EnumType.Values[random.Next(field.EnumType.Values.Count)].Number,
        _ => Make(field.MessageType, random, depth),
    };

    /// <summary>Zero, small numbers, the ends of every range, anything.</summary>
    private static long Bits(Random random) => random.Next(4) switch
    {
        0 => random.Next(3) - 1,
        1 => (1L << random.Next(64)) - random.Next(2),
        2 => long.MinValue,
        _ => random.NextInt64(),
    };

    private static double Real(Random random) => random.Next(4) switch
    {
        0 => random.Next(-5, 5),
        1 => double.NaN,
        2 => random.Next(2) == 0 ? double.PositiveInfinity : double.NegativeInfinity,
        _ => random.NextDouble() * Math.Pow(10, random.Next(-30, 30)),
    };

    private static int Nanos(Random random) => random.Next(3) switch { 0 => 0, 1 => random.Next(1000) * 1_000_000, _ => random.Next(1_000_000_000) };

    private static string Text(Random random) => string.Concat(Enumerable.Range(0, random.Next(20)).Select(_ => random.Next(10) == 0 ? "\U0001F600" : Letters[random.Next(Letters.Length)].ToString()));

    private static ByteString Bytes(Random random)
    {
        var bytes = new byte[random.Next(50) == 0 ? random.Next(10_000) : random.Next(10)];
        random.NextBytes(bytes);
        return ByteString.CopyFrom(bytes);
    }
}
