using System.Net;
using Alcove.Control.Teams;
using Alcove.Server.Listening;

namespace Alcove.Server.Auth;

/// <summary>The seeded key is known to everybody: it is good for this machine alone, unless a setting says otherwise.</summary>
internal static class WellKnownKeyGuard
{
    /// <exception cref="InvalidOperationException">The server would be open to whoever knows the key.</exception>
    public static async Task CheckAsync(ServerOptions options, ListeningOptions listening, Credentials credentials, CancellationToken cancellationToken)
    {
        if (!listening.Addresses.All(IPAddress.IsLoopback) && !options.AllowWellKnownKey && await credentials.IsWellKnownKeyActiveAsync(cancellationToken))
        {
            throw new InvalidOperationException(
                $"ALCOVE_LISTEN is {string.Join(',', listening.Addresses)}, and the seeded API key, which everybody knows, is active. Make a key of your own (alcove key create) and revoke that one (alcove key revoke), or set ALCOVE_ALLOW_WELL_KNOWN_KEY=1");
        }
    }

    /// <summary>A page of another site must not use this machine's sandboxes through its visitor's browser.</summary>
    public static bool MayComeFrom(HttpRequest request)
    {
        var origin = request.Headers.Origin.ToString();
        return origin.Length == 0 || (Uri.TryCreate(origin, UriKind.Absolute, out var uri) && IsLoopback(uri.Host));
    }

    private static bool IsLoopback(string host) =>
        host is "localhost" || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
