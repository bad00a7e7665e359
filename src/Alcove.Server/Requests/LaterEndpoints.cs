using Alcove.Server.Auth;
using Alcove.Server.Errors;

namespace Alcove.Server.Requests;

/// <summary>Routes of the API that this version does not have: 501, since a 404 would read as "gone". And those that are long gone: 400.</summary>
internal static class LaterEndpoints
{
    private static readonly (string Method, string Path, Access Access, bool ForBlocked)[] Routes =
    [
        ("GET", "/sandboxes/{id}/metrics", Access.Team, true),
        ("GET", "/sandboxes/metrics", Access.Team, true),
        ("GET", "/sandboxes/{id}/logs", Access.Team, true),
        ("GET", "/v2/sandboxes/{id}/logs", Access.Team, true),
        ("PUT", "/sandboxes/{id}/network", Access.Team, false),
        ("GET", "/teams/{id}/metrics", Access.Team, true),
        ("GET", "/teams/{id}/metrics/max", Access.Team, true),
        ("POST", "/v3/templates", Access.Team, false),
        ("POST", "/v2/templates", Access.Team, false),
        ("POST", "/templates", Access.TeamOrToken, false),
        ("POST", "/templates/{id}", Access.TeamOrToken, false),
        ("PATCH", "/templates/{id}", Access.TeamOrToken, false),
        ("PATCH", "/v2/templates/{id}", Access.TeamOrToken, false),
        ("POST", "/templates/{id}/builds/{build}", Access.TeamOrToken, false),
        ("POST", "/v2/templates/{id}/builds/{build}", Access.Team, false),
        ("GET", "/templates/{id}/builds/{build}/status", Access.TeamOrToken, true),
        ("GET", "/templates/{id}/builds/{build}/logs", Access.TeamOrToken, true),
        ("GET", "/templates/{id}/files/{hash}", Access.TeamOrToken, false),
        ("POST", "/templates/tags", Access.Team, false),
        ("DELETE", "/templates/tags", Access.Team, true),
        ("GET", "/templates/{id}/tags", Access.Team, true),
        ("GET", "/volumes", Access.Team, true),
        ("POST", "/volumes", Access.Team, false),
        ("GET", "/volumes/{id}", Access.Team, true),
        ("DELETE", "/volumes/{id}", Access.Team, true),
        ("GET", "/secrets", Access.Team, true),
        ("POST", "/secrets", Access.Team, false),
        ("GET", "/secrets/{name}", Access.Team, true),
        ("POST", "/secrets/{name}", Access.Team, false),
        ("DELETE", "/secrets/{name}", Access.Team, false),
        ("POST", "/admin/teams/{id}/builds/cancel", Access.Admin, false),
    ];

    public static void MapLater(this IEndpointRouteBuilder routes)
    {
        foreach (var (method, path, access, forBlocked) in Routes)
        {
            routes.MapMethods(path, [method], string (HttpContext http) => throw (IsOldBuild(http.Request) ? OldBuild() : new ApiException(StatusCodes.Status501NotImplemented, $"{method} {path} is not supported by this version of Alcove")))
                .RequireAccess(access, forBlocked);
        }

        foreach (var gone in (string[])["/instances/{**rest}", "/envs/{**rest}"])
        {
            routes.Map(gone, string () => throw ApiException.BadRequest("Endpoints are deprecated, please update your SDK to use the new endpoints.")).RequireAccess(Access.Open);
        }
    }

    /// <summary>Very old command lines sent the files of a build with its request.</summary>
    private static bool IsOldBuild(HttpRequest request) => request.HasFormContentType && request.Path.StartsWithSegments("/templates");

    private static ApiException OldBuild() => ApiException.BadRequest("Endpoint deprecated please update your CLI to the latest version");

    /// <summary>Responses about secrets are kept by nobody, also those that refuse.</summary>
    public static IApplicationBuilder UseNoStoreForSecrets(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        if (http.Request.Path.StartsWithSegments("/secrets"))
        {
            http.Response.Headers.CacheControl = "no-store";
        }

        return next(http);
    });
}
