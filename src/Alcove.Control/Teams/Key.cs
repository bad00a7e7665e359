using System.Security.Cryptography;

namespace Alcove.Control.Teams;

/// <summary>An API key or access token: a prefix and hexadecimal digits. Only its hash is kept.</summary>
public static class Key
{
    public const string ApiPrefix = "e2b_";
    public const string AccessTokenPrefix = "sk_e2b_";

    private const int RandomBytes = 20;
    private const string HashPrefix = "$sha256$";

    public static string New(string prefix) => prefix + RandomNumberGenerator.GetHexString(RandomBytes * 2, lowercase: true);

    /// <summary>The hash is over the bytes that the digits stand for, not over the text.</summary>
    /// <returns>Null when the text is no such key.</returns>
    public static string? Hash(string text, string prefix)
    {
        if (!text.StartsWith(prefix, StringComparison.Ordinal) || text.Length == prefix.Length)
        {
            return null;
        }

        try
        {
            return HashPrefix + Convert.ToBase64String(SHA256.HashData(Convert.FromHexString(text.AsSpan(prefix.Length)))).TrimEnd('=');
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
