using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Text;

namespace Alcove.Server.Listening;

/// <summary>The name in a TLS handshake, which anybody may fill with anything.</summary>
internal static class ServerName
{
    private const int MaximumLength = 253;
    private const int MaximumLabelLength = 63;

    private static readonly SearchValues<char> LabelCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    // The handshake decodes international names; a certificate has them encoded.
    private static readonly IdnMapping Idn = new();

    /// <summary>The name as a certificate spells it, if it consists of DNS labels and nothing else: no wildcard, no address.</summary>
    public static bool TryNormalize([NotNullWhen(true)] string? text, [NotNullWhen(true)] out string? name)
    {
        name = null;
        if (string.IsNullOrEmpty(text) || text.Length > MaximumLength || IPAddress.TryParse(text, out _))
        {
            return false;
        }

        name = ToAscii(text)?.ToLowerInvariant();
        return name is { Length: <= MaximumLength } && name.Split('.').All(IsLabel);
    }

    private static string? ToAscii(string text)
    {
        if (Ascii.IsValid(text))
        {
            return text;
        }

        try
        {
            return Idn.GetAscii(text);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= MaximumLabelLength
        && !label.AsSpan().ContainsAnyExcept(LabelCharacters)
        && label[0] != '-'
        && label[^1] != '-';
}
