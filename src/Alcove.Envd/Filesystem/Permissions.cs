using System.Text;

namespace Alcove.Envd.Filesystem;

/// <summary>A mode in letters: what it is, then nine for who may what. Not the letters of <c>ls</c>: a link is L, a sticky directory dt.</summary>
internal static class Permissions
{
    private const string Bits = "rwxrwxrwx";

    public static string Format(int mode)
    {
        var text = new StringBuilder();
        text.Append((mode & 0xF000) switch
        {
            0x4000 => "d",
            0xA000 => "L",
            0x6000 => "D",
            0x2000 => "D",
            0x1000 => "p",
            0xC000 => "S",
            0x8000 => string.Empty,
            _ => string.Empty,
        });
        Append(text, mode, 0x800, 'u');
        Append(text, mode, 0x400, 'g');
        if ((mode & 0xF000) == 0x2000)
        {
            text.Append('c');
        }

        Append(text, mode, 0x200, 't');
        if ((mode & 0xF000) is not (0x4000 or 0xA000 or 0x6000 or 0x2000 or 0x1000 or 0xC000 or 0x8000))
        {
            text.Append('?');
        }

        if (text.Length == 0)
        {
            text.Append('-');
        }

        for (var i = 0; i < Bits.Length; i++)
        {
            text.Append((mode & (1 << (8 - i))) != 0 ? Bits[i] : '-');
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, int mode, int bit, char letter)
    {
        if ((mode & bit) != 0)
        {
            text.Append(letter);
        }
    }
}
