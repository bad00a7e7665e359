using Alcove.Server.Auth;
using Alcove.Server.Errors;

namespace Alcove.Server.Requests;

/// <summary>Routes of the API that this version does not have: 501, since a 404 would read as "gone". And those that are long gone: 400.</summary>
internal static class LaterEndpoints
{
    private static readonly (string Method, string Path, Access Access)[] Routes =
    [
        ("GET", "/sandboxes/{id}/metrics", Access.Team),
        ("GET", "/sandboxes/metrics", Access.Team),
        ("GET", "/sandboxes/{id}/logs", Access.Team),
        ("GET", "/v2/sandboxes/{id}/logs", Access.Team),
        ("PUT", "/sandboxes/{id}/network", Access.Team),
        ("GET", "/teams/{id}/metrics", Access.Team),
        ("GET", "/teams/{id}/metrics/max", Access.Team),
        ("POST", "/v3/templates", Access.Team),
        ("POST", "/v2/templates", Access.Team),
        ("POST", "/templates", Access.TeamOrToken),
        ("POST", "/templates/{id}", Access.TeamOrToken),
        ("PATCH", "/templates/{id}", Access.TeamOrToken),
        ("PATCH", "/v2/templates/{id}", Access.TeamOrToken),
        ("POST", "/templates/{id}/builds/{build}", Access.TeamOrToken),
        ("POST", "/v2/templates/{id}/builds/{build}", Access.Team),
        ("GET", "/templates/{id}/builds/{build}/status", Access.TeamOrToken),
        ("GET", "/templates/{id}/builds/{build}/logs", Access.TeamOrToken),
        ("GET", "/templates/{id}/files/{hash}", Access.TeamOrToken),
        ("POST", "/templates/tags", Access.Team),
        ("DELETE", "/templates/tags", Access.Team),
        ("GET", "/templates/{id}/tags", Access.Team),
        ("GET", "/volumes", Access.Team),
        ("POST", "/volumes", Access.Team),
        ("GET", "/volumes/{id}", Access.Team),
        ("DELETE", "/volumes/{id}", Access.Team),
        ("GET", "/secrets", Access.Team),
        ("POST", "/secrets", Access.Team),
        ("GET", "/secrets/{name}", Access.Team),
        ("POST", "/secrets/{name}", Access.Team),
        ("DELETE", "/secrets/{name}", Access.Team),
        ("POST", "/admin/teams/{id}/builds/cancel", Access.Admin),
        ("GET", "/nodes", Access.Admin),
        ("GET", "/nodes/{id}", Access.Admin),
        ("POST", "/nodes/{id}", Access.Admin),
    ];

    public static void MapLater(this IEndpointRouteBuilder routes)
    {
        foreach (var (method, path, access) in Routes)
        {
            routes.MapMethods(path, [method], string () => throw new ApiException(StatusCodes.Status501NotImplemented, $"{method} {path} is not supported by this version of Alcove"))
                .RequireAccess(access);
        }

        foreach (var gone in (string[])["/instances/{**rest}", "/envs/{**rest}"])
        {
            routes.Map(gone, string () => throw ApiException.BadRequest("Endpoints are deprecated, please update your SDK to use the new endpoints.")).RequireAccess(Access.Open);
        }
    }

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
