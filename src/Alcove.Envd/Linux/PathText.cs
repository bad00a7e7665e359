using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;
using System.Text;

namespace Alcove.Envd.Linux;

/// <summary>
/// Paths are bytes to the kernel and need not be UTF-8. A byte that is not becomes half a surrogate (U+DC80 to U+DCFF), which no
/// text has, and that byte again on its way back, so that whatever a directory holds can be looked at and removed.
/// </summary>
internal static class PathText
{
    private const char Escaped = '\uDC00';

    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        Span<char> pair = stackalloc char[2];
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out var rune, out var length) == System.Buffers.OperationStatus.Done)
            {
                text.Append(pair[..rune.EncodeToUtf16(pair)]);
            }
            else
            {
                length = 1;
                text.Append((char)(Escaped + bytes[0]));
            }

            bytes = bytes[length..];
        }

        return text.ToString();
    }

    public static byte[] Encode(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
        {
            return Encoding.UTF8.GetBytes(text);
        }

        var bytes = new List<byte>(text.Length * 3);
        Span<byte> unit = stackalloc byte[4];
        for (var left = text.AsSpan(); !left.IsEmpty;)
        {
            var status = Rune.DecodeFromUtf16(left, out var rune, out var length);
            if (status != System.Buffers.OperationStatus.Done && left[0] is >= (char)(Escaped + 0x80) and <= (char)(Escaped + 0xFF))
            {
                bytes.Add((byte)(left[0] - Escaped));
                length = 1;
            }
            else
            {
                bytes.AddRange(unit[..rune.EncodeToUtf8(unit)]);
            }

            left = left[length..];
        }

        return [.. bytes];
    }

    /// <summary>What clients are shown: they know text alone.</summary>
    public static string Readable(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF'))
        {
            return text;
        }

        return Encoding.UTF8.GetString(Encode(text));
    }
}

/// <summary>Hands paths to the C library as <see cref="PathText"/> says.</summary>
[CustomMarshaller(typeof(string), MarshalMode.ManagedToUnmanagedIn, typeof(PathMarshaller))]
internal static unsafe class PathMarshaller
{
    public static byte* ConvertToUnmanaged(string managed)
    {
        var bytes = PathText.Encode(managed);
        var native = (byte*)NativeMemory.Alloc((nuint)bytes.Length + 1);
        bytes.CopyTo(new Span<byte>(native, bytes.Length));
        native[bytes.Length] = 0;
        return native;
    }

    public static void Free(byte* unmanaged) => NativeMemory.Free(unmanaged);
}
