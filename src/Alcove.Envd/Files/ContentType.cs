using Microsoft.AspNetCore.StaticFiles;

namespace Alcove.Envd.Files;

/// <summary>What a file holds: by its ending, else by its first bytes.</summary>
internal static class ContentType
{
    public const string Unknown = "application/octet-stream";

    /// <summary>How much of a file is looked at.</summary>
    public const int SniffLength = 512;

    private static readonly Lazy<FileExtensionContentTypeProvider> Endings = new();

    private static readonly (byte[] Magic, string Type)[] Signatures =
    [
        ([0x89, 0x50, 0x4E, 0x47], "image/png"),
        ([0xFF, 0xD8, 0xFF], "image/jpeg"),
        ("GIF8"u8.ToArray(), "image/gif"),
        ("%PDF-"u8.ToArray(), "application/pdf"),
        ([0x1F, 0x8B], "application/x-gzip"),
        ("PK\x03\x04"u8.ToArray(), "application/zip"),
        ("wOFF"u8.ToArray(), "font/woff"),
        ("wOF2"u8.ToArray(), "font/woff2"),
        ("OggS"u8.ToArray(), "application/ogg"),
    ];

    /// <returns>Null when the ending says nothing.</returns>
    public static string? ByEnding(string path) =>
        !Endings.Value.TryGetContentType(path, out var type) ? null
        : type.StartsWith("text/", StringComparison.Ordinal) ? $"{type}; charset=utf-8"
        : type;

    /// <summary>By the first bytes: a known signature, markup, text, or anything.</summary>
    public static string Sniff(ReadOnlySpan<byte> start)
    {
        foreach (var (magic, type) in Signatures)
        {
            if (start.StartsWith(magic))
            {
                return type;
            }
        }

        var text = start.TrimStart(" \t\r\n\f"u8);
        if (StartsWithIgnoreCase(text, "<!doctype html"u8) || StartsWithIgnoreCase(text, "<html"u8))
        {
            return "text/html; charset=utf-8";
        }

        if (text.StartsWith("<?xml"u8))
        {
            return "text/xml; charset=utf-8";
        }

        return LooksBinary(start) ? Unknown : "text/plain; charset=utf-8";
    }

    private static bool LooksBinary(ReadOnlySpan<byte> start)
    {
        foreach (var value in start)
        {
            if (value is <= 0x08 or 0x0B or (>= 0x0E and <= 0x1A) or (>= 0x1C and <= 0x1F))
            {
                return true;
            }
        }

        return false;
    }

    private static bool StartsWithIgnoreCase(ReadOnlySpan<byte> text, ReadOnlySpan<byte> prefix) =>
        text.Length >= prefix.Length && System.Text.Ascii.EqualsIgnoreCase(text[..prefix.Length], prefix);
}
