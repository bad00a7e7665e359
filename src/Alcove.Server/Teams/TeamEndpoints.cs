using Alcove.Control.Teams;
using Alcove.Protocol;
using Alcove.Server.Auth;

namespace Alcove.Server.Teams;

/// <summary><c>GET /teams</c>, which the CLI logs in with, and the key routes that belong to users of an identity provider.</summary>
internal static class TeamEndpoints
{
    private const string LoginKeyName = "CLI login/configure";

    public static void MapTeams(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/teams", ListAsync).RequireAccess(Access.User, forBlocked: true);
        foreach (var (method, path) in (ReadOnlySpan<(string, string)>)[("GET", "/api-keys"), ("POST", "/api-keys"), ("PATCH", "/api-keys/{id}"), ("DELETE", "/api-keys/{id}"), ("POST", "/access-tokens"), ("DELETE", "/access-tokens/{id}")])
        {
            routes.MapMethods(path, [method], () => Results.Empty).RequireAccess(Access.IdentityProvider);
        }
    }

    /// <summary>Only hashes of keys are kept, so every team is given with a new one.</summary>
    private static async Task<IResult> ListAsync(HttpContext http, ApiKeys keys)
    {
        var teams = http.Features.Get<Caller>()!.Teams;
        var answer = new List<UserTeam>();
        foreach (var team in teams)
        {
            var key = await keys.CreateAsync(team.Id, LoginKeyName, http.RequestAborted);
            answer.Add(new UserTeam(team.Id.ToString(), team.Name, key.Key!, IsDefault: answer.Count == 0));
        }

        return Results.Json(answer.ToArray(), RestJson.Default.UserTeamArray);
    }
}
