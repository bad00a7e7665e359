using System.Globalization;

namespace Alcove.Server.Edge;

/// <summary>Paths of the daemon, told apart however they are spelt.</summary>
internal static class DaemonPath
{
    /// <summary>What only the node may call, at the slot's own address.</summary>
    private static readonly string[] Internal = ["/init", "/freeze", "/unfreeze", "/collapse", "/fsfreeze", "/fsthaw", "/upgrade"];

    private static readonly string[] Files = ["/files"];

    /// <summary>The internal path that <paramref name="path"/> means, null if it means another.</summary>
    public static string? FindInternal(ReadOnlySpan<char> path) => Find(path, Internal);

    public static bool IsFiles(ReadOnlySpan<char> path) => Find(path, Files) is not null;

    private static string? Find(ReadOnlySpan<char> path, string[] names)
    {
        Span<char> buffer = path.Length < 512 ? stackalloc char[512] : new char[path.Length + 1];
        var clean = Clean(path, buffer);
        foreach (var name in names)
        {
            if (clean.SequenceEqual(name))
            {
                return name;
            }
        }

        return null;
    }

    /// <summary>Decodes escapes once, joins slashes, resolves <c>.</c> and <c>..</c>, and drops a slash at the end.</summary>
    /// <param name="path">As it stands in the request line, without the query.</param>
    /// <param name="buffer">At least one character longer than <paramref name="path"/>; holds the result.</param>
    /// <remarks>Escapes become characters byte by byte. That is wrong for what is not ASCII, but the names compared with are.</remarks>
    internal static ReadOnlySpan<char> Clean(ReadOnlySpan<char> path, Span<char> buffer)
    {
        var length = 0;
        while (!path.IsEmpty)
        {
            // One segment: the slash before it, then its characters.
            var start = length;
            buffer[length++] = '/';
            while (TakeCharacter(ref path, out var character) && character != '/')
            {
                buffer[length++] = character;
            }

            length = buffer[(start + 1)..length] switch
            {
                "" or "." => start,
                ".." => Math.Max(buffer[..start].LastIndexOf('/'), 0),
                _ => length,
            };
        }

        return length == 0 ? "/" : buffer[..length];
    }

    private static bool TakeCharacter(ref ReadOnlySpan<char> path, out char character)
    {
        if (path.IsEmpty)
        {
            character = default;
            return false;
        }

        if (path is ['%', var high, var low, ..] && char.IsAsciiHexDigit(high) && char.IsAsciiHexDigit(low))
        {
            character = (char)byte.Parse(path[1..3], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            path = path[3..];
            return true;
        }

        character = path[0];
        path = path[1..];
        return true;
    }
}
