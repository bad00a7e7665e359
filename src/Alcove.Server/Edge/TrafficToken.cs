using System.Security.Cryptography;
using System.Text;
using Alcove.Control.Routing;

namespace Alcove.Server.Edge;

/// <summary>The token that requests to a sandbox without public traffic carry.</summary>
internal static class TrafficToken
{
    public const string Header = "e2b-traffic-access-token";

    /// <summary>Whether the request may pass; the daemon's own port is guarded by the daemon.</summary>
    /// <returns>Null when it may.</returns>
    public static Refusal? Check(SandboxRoute route, TrafficTarget target, IHeaderDictionary headers)
    {
        if (route.TrafficAccessToken is not { } expected || target.IsDaemon)
        {
            return null;
        }

        var given = headers[Header].ToString();
        return given.Length == 0 ? Refusal.TokenMissing(route.Id)
            : AreEqual(given, expected) ? null
            : Refusal.TokenInvalid(route.Id);
    }

    private static bool AreEqual(string given, string expected) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(expected));
}
