using System.Text;
using Alcove.Envd.Linux;

namespace Alcove.Envd.Files;

/// <summary>Words that clients keep with a file: extended attributes <c>user.e2b.*</c>, replaced as a whole by every upload.</summary>
internal static unsafe class FileMetadata
{
    private const string HeaderPrefix = "X-Metadata-";
    private const string AttributePrefix = "user.e2b.";
    private const int LongestKey = 246;
    private const int LargestTotal = 4096;
    private const int LargestList = 64 * 1024;

    /// <summary>Reads the request's headers. The first value of a repeated one counts.</summary>
    /// <exception cref="ArgumentException">A key or value is too long or not printable ASCII.</exception>
    public static Dictionary<string, string> FromHeaders(IHeaderDictionary headers)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, values) in headers.Where(header => header.Key.StartsWith(HeaderPrefix, StringComparison.OrdinalIgnoreCase)))
        {
            metadata.TryAdd(name[HeaderPrefix.Length..].ToLowerInvariant(), values.Count > 0 ? values[0] ?? string.Empty : string.Empty);
        }

        var total = 0;
        foreach (var (key, value) in metadata)
        {
            if (key.Length is 0 or > LongestKey)
            {
                throw new ArgumentException($"invalid metadata: key '{key}' must have 1 to {LongestKey} bytes");
            }

            if (!IsPrintable(key) || !IsPrintable(value))
            {
                throw new ArgumentException($"invalid metadata: key and value of '{key}' must be printable ASCII");
            }

            total += AttributePrefix.Length + key.Length + value.Length;
        }

        return total <= LargestTotal ? metadata : throw new ArgumentException($"invalid metadata: {total} bytes are more than {LargestTotal}");
    }

    /// <summary>What is kept with the file; empty where nothing can be read.</summary>
    public static Dictionary<string, string> Read(string path)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in Names(path))
        {
            if (Value(path, name) is { } value)
            {
                metadata[name[AttributePrefix.Length..]] = value;
            }
        }

        return metadata;
    }

    /// <summary>Replaces all of it. A file system without extended attributes keeps none, silently.</summary>
    /// <exception cref="LinuxException">No space is left for them.</exception>
    public static void Replace(string path, Dictionary<string, string> metadata)
    {
        foreach (var name in Names(path).Where(name => !metadata.ContainsKey(name[AttributePrefix.Length..])))
        {
            _ = Libc.RemoveAttribute(path, name);
        }

        foreach (var (key, value) in metadata)
        {
            Set(path, AttributePrefix + key, Encoding.ASCII.GetBytes(value));
        }
    }

    private static void Set(string path, string name, byte[] value)
    {
        fixed (byte* bytes = value)
        {
            if (Libc.SetAttribute(path, name, bytes, value.Length, 0) < 0 && Errno.Last is Errno.NoSpace or Errno.QuotaExceeded)
            {
                throw LinuxException.Last("not enough space for file metadata");
            }
        }
    }

    private static List<string> Names(string path)
    {
        var list = stackalloc byte[LargestList];
        var length = Libc.ListAttributes(path, list, LargestList);
        return length <= 0
            ? []
            : [.. Encoding.UTF8.GetString(list, (int)length).Split('\0').Where(name => name.StartsWith(AttributePrefix, StringComparison.Ordinal))];
    }

    /// <returns>Null when it is gone, or not UTF-8.</returns>
    private static string? Value(string path, string name)
    {
        var value = stackalloc byte[LargestTotal];
        var length = Libc.GetAttribute(path, name, value, LargestTotal);
        try
        {
            return length < 0 ? null : new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(value, (int)length);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static bool IsPrintable(string text) => !text.AsSpan().ContainsAnyExceptInRange(' ', '~');
}
