using Alcove.Control.Storage;
using Alcove.Control.Templates;
using Alcove.Protocol;
using Alcove.Protocol.Templates;
using Alcove.Server.Auth;
using Alcove.Server.Errors;
using Alcove.Server.Requests;
using Alcove.Server.Sandboxes;

namespace Alcove.Server.Templates;

/// <summary>What can be read of templates.</summary>
internal static class TemplateEndpoints
{
    private const string Ready = "ready";

    public static void MapTemplates(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/templates", ListAsync).RequireAccess(Access.TeamOrToken, forBlocked: true);
        routes.MapGet("/v2/templates", ListPageAsync).RequireAccess(Access.TeamOrToken, forBlocked: true);
        routes.MapGet("/templates/{id}", GetAsync).RequireAccess(Access.Team, forBlocked: true);
        routes.MapGet("/templates/aliases/{alias}", AliasAsync).RequireAccess(Access.Team, forBlocked: true);
    }

    private static async Task<IResult> ListAsync(HttpContext http, TemplateDirectory templates) =>
        Results.Json((await AllAsync(http, templates)).Select(Listed), RestJson.Default.IEnumerableTemplate);

    /// <summary>The newest first.</summary>
    private static async Task<IResult> ListPageAsync(HttpContext http, TemplateDirectory templates)
    {
        var (limit, after) = (ListParameters.Limit(http.Request), ListParameters.Cursor(http.Request, ascending: false));
        var rest = (await AllAsync(http, templates)).OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id, StringComparer.Ordinal)
            .SkipWhile(row => after is { } cursor && !IsAfter(row, cursor.StartedAt, cursor.Id)).ToArray();
        if (rest.Length > limit)
        {
            var last = rest[limit - 1];
            http.Response.Headers["X-Next-Token"] = ListParameters.Token(ascending: false, last.CreatedAt, last.Id);
        }

        return Results.Json(rest.Take(limit).Select(Listed), RestJson.Default.IEnumerableTemplate);
    }

    private static bool IsAfter(TemplateRow row, DateTimeOffset createdAt, string id) =>
        row.CreatedAt < createdAt || (row.CreatedAt == createdAt && string.CompareOrdinal(row.Id, id) < 0);

    /// <exception cref="ApiException">Another team's are asked for.</exception>
    private static async Task<List<TemplateRow>> AllAsync(HttpContext http, TemplateDirectory templates)
    {
        var team = Caller.TeamOf(http);
        if (http.Request.Query["teamID"].ToString() is { Length: > 0 } named && named != team.Id.ToString())
        {
            throw ApiException.BadRequest("Team ID param mismatch with the API key");
        }

        return await templates.ListAsync(team, http.RequestAborted);
    }

    private static async Task<IResult> GetAsync(HttpContext http, string id, TemplateDirectory templates)
    {
        var (result, found, _) = await templates.ResolveAsync(Caller.TeamOf(http), id, http.RequestAborted);
        if (result == TemplateLookup.Forbidden)
        {
            throw new ApiException(StatusCodes.Status403Forbidden, $"you don't have access to template '{id}'");
        }

        var row = found?.Id == id ? found : throw new ApiException(StatusCodes.Status404NotFound, $"Template {id} not found");
        var build = new TemplateBuild(row.BuildId.ToString(), Ready, row.UpdatedAt, row.UpdatedAt, row.UpdatedAt, row.CpuCount, row.MemoryMiB, row.DiskMiB, row.EnvdVersion);
        return Results.Json(new TemplateWithBuilds(row.Id, row.IsPublic, [row.Alias], [row.Alias], row.CreatedAt, row.UpdatedAt, null, 0, [build]), RestJson.Default.TemplateWithBuilds);
    }

    private static async Task<IResult> AliasAsync(HttpContext http, TemplateDirectory templates)
    {
        var text = RawPath.Segment(http, 2);
        var (result, row, detail) = await templates.ResolveAsync(Caller.TeamOf(http), text, http.RequestAborted);
        return result switch
        {
            TemplateLookup.Found => Results.Json(new TemplateAlias(row!.Id, row.IsPublic), RestJson.Default.TemplateAlias),
            TemplateLookup.Forbidden or TemplateLookup.Hidden => throw new ApiException(StatusCodes.Status403Forbidden, "You don't have access to this template alias"),
            TemplateLookup.Invalid => throw ApiException.BadRequest($"Invalid template reference: {detail}"),
            TemplateLookup.NotFound or TemplateLookup.TagNotFound => throw new ApiException(StatusCodes.Status404NotFound, $"Template alias '{text}' not found"),
        };
    }

    private static Template Listed(TemplateRow row) => new(
        row.Id, row.BuildId.ToString(), row.CpuCount, row.MemoryMiB, row.DiskMiB, row.IsPublic, [row.Alias], [row.Alias], row.CreatedAt, row.UpdatedAt, null, null, 0, 1, row.EnvdVersion, Ready);
}
