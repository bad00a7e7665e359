using System.Text;
using System.Text.Json;
using Alcove.Envd.Hashing;
using Alcove.Protocol.Envd;

namespace Alcove.Envd.Init;

/// <summary>
/// Who may set, rotate or clear the access token: whoever holds the one whose hash the host has written. Anyone inside can call
/// <c>/init</c>, and after a fork two sandboxes hold one memory, so the host's file decides, not what the daemon remembers.
/// </summary>
internal sealed class TokenAuthority(string hostFile = HostIdentity.Path)
{
    public HostIdentity? Identity()
    {
        try
        {
            using var file = File.OpenRead(hostFile);
            return JsonSerializer.Deserialize(file, EnvdJson.Default.HostIdentity);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <returns>Null when the request's token may become the daemon's, otherwise why not.</returns>
    public string? Refusal(string? current, string? requested)
    {
        if (requested is not null && current is not null && FixedTime.Equal(requested, current))
        {
            return null;
        }

        if (Identity() is { AccessTokenHash.Length: > 0 } identity)
        {
            return FixedTime.Equal(Hash(requested ?? string.Empty), identity.AccessTokenHash) ? null : Refused(requested);
        }

        return current is null ? null : Refused(requested);
    }

    private static string Refused(string? requested) =>
        requested is null ? "access token reset not authorized" : "access token validation failed";

    private static string Hash(string token) => Convert.ToHexStringLower(Sha2.Hash512(Encoding.UTF8.GetBytes(token)));
}
