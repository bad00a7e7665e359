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
    /// <summary>Reads what the host says now; after a wake-up it may say something else than before.</summary>
    /// <param name="identity">Null when the host says nothing: there is no file.</param>
    /// <returns>False when there is a file that cannot be read: then nobody may set anything, since nobody knows who this is.</returns>
    public bool TryRead(out HostIdentity? identity)
    {
        identity = null;
        try
        {
            using var file = File.OpenRead(hostFile);
            identity = JsonSerializer.Deserialize(file, EnvdJson.Default.HostIdentity);
            return identity is { SandboxId: not null, TemplateId: not null, AccessTokenHash: not null };
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return false;
        }
    }

    /// <param name="identity">What the host says; null when it says nothing, and then only the first token counts.</param>
    /// <param name="current">The daemon's token.</param>
    /// <param name="requested">The request's token; null asks for none.</param>
    /// <returns>Null when the request's token may become the daemon's, otherwise why not.</returns>
    public static string? Refusal(HostIdentity? identity, string? current, string? requested)
    {
        var allowed = identity is { AccessTokenHash.Length: > 0 }
            ? FixedTime.Equal(Hash(requested ?? string.Empty), identity.AccessTokenHash)
            : current is null || (requested is not null && FixedTime.Equal(requested, current));
        return allowed ? null
            : requested is null ? "access token reset not authorized"
            : "access token validation failed";
    }

    private static string Hash(string token) => Convert.ToHexStringLower(Sha2.Hash512(Encoding.UTF8.GetBytes(token)));
}
