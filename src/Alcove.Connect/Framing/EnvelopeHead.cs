using System.Buffers;
using System.Buffers.Binary;

namespace Alcove.Connect.Framing;

/// <summary>What stands before each payload of a stream: one byte of flags and its length, big-endian.</summary>
internal readonly record struct EnvelopeHead(EnvelopeFlags Flags, uint Length)
{
    public const int Size = 5;

    /// <param name="bytes">At least <see cref="Size"/> of them.</param>
    public static EnvelopeHead Parse(ReadOnlySequence<byte> bytes)
    {
        Span<byte> head = stackalloc byte[Size];
        bytes.Slice(0, Size).CopyTo(head);
        return new EnvelopeHead((EnvelopeFlags)head[0], BinaryPrimitives.ReadUInt32BigEndian(head[1..]));
    }

    public void CopyTo(Span<byte> bytes)
    {
        bytes[0] = (byte)Flags;
        BinaryPrimitives.WriteUInt32BigEndian(bytes[1..], Length);
    }
}
