using System.Security.Cryptography;
using System.Text;
using Alcove.Control.Secrets;
using Alcove.Control.Storage;
using Alcove.Control.Teams;
using Alcove.Server.Errors;

namespace Alcove.Server.Auth;

/// <summary>Finds out who sends a request, before anything else looks at it: a bad key wins over a bad body and over what is missing.</summary>
internal sealed class Authentication(Credentials credentials, InstallationSecrets secrets, ServerOptions options)
{
    private const string KeyHeader = "X-API-Key";
    private const string TeamHeader = "X-Team-ID";
    private const string AdminHeader = "X-Admin-Token";
    private const string Bearer = "Bearer ";

    /// <exception cref="ApiException">Nobody whom the route is for.</exception>
    public async Task<Caller?> AuthenticateAsync(HttpContext http, AccessMetadata access)
    {
        return access.Access switch
        {
            Access.Open => null,
            Access.Team => await TeamAsync(http) ?? throw Missing(),
            Access.TeamOrToken => await TeamAsync(http) ?? await UserAsync(http) ?? throw Missing(),
            Access.User => await UserAsync(http) ?? throw Missing(),
            Access.IdentityProvider => http.Request.Headers.Authorization.Count > 0 ? throw NoIdentityProvider() : throw Missing(),
            Access.Admin => IsAdmin(http.Request) ? new Caller(null, []) : throw Missing(),
        };
    }

    /// <exception cref="ApiException">The team is banned, or it is blocked and the route is not one for that.</exception>
    public static void CheckStanding(TeamRow team, bool forBlocked)
    {
        if (team.IsBanned)
        {
            throw new ApiException(StatusCodes.Status403Forbidden, "team is banned");
        }

        if (team.IsBlocked && !forBlocked)
        {
            throw new ApiException(StatusCodes.Status403Forbidden, team.BlockedReason is { Length: > 0 } reason ? $"team is blocked: {reason}" : "team is blocked");
        }
    }

    private async Task<Caller?> TeamAsync(HttpContext http)
    {
        var key = http.Request.Headers[KeyHeader].ToString();
        if (key.Length > 0)
        {
            return new Caller(await TeamOfKeyAsync(http, key), []);
        }

        if (http.Request.Headers.ContainsKey(AdminHeader) && IsAdmin(http.Request))
        {
            return new Caller(await NamedTeamAsync(http), []);
        }

        return http.Request.Headers.Authorization.ToString() is { Length: > 0 } header && !header.StartsWith(Bearer + Key.AccessTokenPrefix, StringComparison.Ordinal) && http.Request.Headers.ContainsKey(TeamHeader)
            ? throw NoIdentityProvider()
            : null;
    }

    private async Task<TeamRow> TeamOfKeyAsync(HttpContext http, string key)
    {
        if (!key.StartsWith(Key.ApiPrefix, StringComparison.Ordinal))
        {
            throw Unauthorized("authorization header is malformed");
        }

        var hash = Key.Hash(key, Key.ApiPrefix) ?? throw BadKey("Invalid API key format");
        CheckOrigin(http.Request, hash == WellKnown.ApiKeyHash);
        return await credentials.TeamOfKeyAsync(hash, http.RequestAborted) ?? throw BadKey("Cannot get the team for the given API key");
    }

    private async Task<Caller?> UserAsync(HttpContext http)
    {
        var header = http.Request.Headers.Authorization.ToString();
        if (header.Length == 0)
        {
            return null;
        }

        if (!header.StartsWith(Bearer, StringComparison.Ordinal))
        {
            throw Unauthorized("authorization header is malformed");
        }

        var token = header[Bearer.Length..];
        var hash = Key.Hash(token, Key.AccessTokenPrefix) ?? throw BadToken("Invalid access token format");
        CheckOrigin(http.Request, hash == WellKnown.AccessTokenHash);
        var teams = await credentials.TeamsOfTokenAsync(hash, http.RequestAborted);
        if (teams.Length == 0)
        {
            throw BadToken("Cannot get the user for the given access token");
        }

        var named = http.Request.Query["teamID"].ToString();
        var team = named.Length == 0 ? teams[0] : teams.FirstOrDefault(team => team.Id.ToString() == named);
        return new Caller(team ?? throw new ApiException(StatusCodes.Status403Forbidden, "You are not allowed to access this team"), teams);
    }

    private async Task<TeamRow> NamedTeamAsync(HttpContext http)
    {
        var text = http.Request.Headers[TeamHeader].ToString();
        if (text.Length == 0)
        {
            throw Missing();
        }

        return Guid.TryParse(text, out var id)
            ? await credentials.TeamAsync(id, http.RequestAborted) ?? throw new ApiException(StatusCodes.Status404NotFound, "Team not found")
            : throw ApiException.BadRequest("Invalid team ID");
    }

    private bool IsAdmin(HttpRequest request)
    {
        var token = request.Headers[AdminHeader].ToString();
        return token.Length != 0 && (CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(token), Encoding.UTF8.GetBytes(secrets.AdminToken))
            ? true
            : throw Unauthorized("Invalid admin token"));
    }

    private void CheckOrigin(HttpRequest request, bool isWellKnown)
    {
        if (isWellKnown && !options.AllowWellKnownKey && !WellKnownKeyGuard.MayComeFrom(request))
        {
            throw new ApiException(StatusCodes.Status403Forbidden, "The key that everybody knows is not for pages of other sites; make one with `alcove key create`, or set ALCOVE_ALLOW_WELL_KNOWN_KEY=1");
        }
    }

    private static ApiException Missing() => Unauthorized("authorization header is missing");

    private static ApiException BadKey(string detail) => Unauthorized($"Invalid API key, please visit https://e2b.dev/docs/api-key for more information.\n{detail}");

    private static ApiException BadToken(string detail) => Unauthorized($"Invalid Access token, try to login again by running `e2b auth login`.\n{detail}");

    private static ApiException NoIdentityProvider() => Unauthorized("Invalid auth provider token.\nBackend authentication failed");

    private static ApiException Unauthorized(string message) => new(StatusCodes.Status401Unauthorized, message);
}
