using Alcove.Control.Sandboxes;
using Alcove.Control.Snapshots;
using Alcove.Control.Storage;
using Alcove.Control.Templates;
using Alcove.Protocol;
using Alcove.Protocol.Sandboxes;
using Alcove.Server.Auth;
using Alcove.Server.Errors;
using Alcove.Server.Requests;
using Alcove.Server.Sandboxes;

namespace Alcove.Server.Snapshots;

/// <summary>The routes about snapshots: taken of a sandbox, listed, and removed as the templates that they are.</summary>
internal static class SnapshotEndpoints
{
    private const int LongestName = 128;

    public static void MapSnapshots(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/sandboxes/{id}/snapshots", TakeAsync).RequireAccess(Access.Team);
        routes.MapGet("/snapshots", (Delegate)ListAsync).RequireAccess(Access.Team, forBlocked: true);
        routes.MapDelete("/templates/{id}", RemoveAsync).RequireAccess(Access.TeamOrToken, forBlocked: true);
    }

    private static async Task<IResult> TakeAsync(HttpContext http, string id, SnapshotDirectory snapshots)
    {
        var team = Caller.TeamOf(http);
        var request = await RequestBody.ReadAsync(http.Request, RestJson.Default.NewSnapshot);
        var name = request.Name is { } text ? ParseNewName(text, team) : null;
        var sandbox = SandboxEndpoints.Parse(id);
        var source = await SandboxEndpoints.FindAsync(http, sandbox);
        var (outcome, snapshot) = await snapshots.TakeAsync(team, source, name).WaitAsync(http.RequestAborted);
        return snapshot is not null
            ? Results.Json(Describe(snapshot, team), RestJson.Default.SnapshotInfo, statusCode: StatusCodes.Status201Created)
            : outcome.Result == ActResult.Busy
                ? throw ApiException.Conflict($"Sandbox '{sandbox}' cannot be snapshotted while in '{outcome.Reason}' state")
                : throw LifecycleEndpoints.Explain(outcome, sandbox, "snapshotted");
    }

    private static async Task<IResult> ListAsync(HttpContext http)
    {
        var (team, request) = (Caller.TeamOf(http), http.Request);
        var limit = ListParameters.Limit(request);
        var (name, tag) = NameFilter(request, team);
        var query = new SnapshotQuery(SandboxFilter(request), name, tag, ListParameters.Cursor(request, ascending: false), limit + 1);
        var page = await SandboxEndpoints.Service<SnapshotDirectory>(http).ListAsync(team, query, http.RequestAborted);
        if (page.Count > limit)
        {
            page.RemoveAt(limit);
            http.Response.Headers["X-Next-Token"] = ListParameters.Token(ascending: false, page[^1].Row.CreatedAt, page[^1].Row.Id);
        }

        return Results.Json(page.Select(snapshot => Describe(snapshot, team)), RestJson.Default.IEnumerableSnapshotInfo);
    }

    /// <summary>The tag of the reference says nothing here: all builds go.</summary>
    private static async Task<IResult> RemoveAsync(HttpContext http, SnapshotDirectory snapshots, TemplateDirectory templates)
    {
        var team = Caller.TeamOf(http);
        var text = RawPath.Segment(http, 1);
        var (reference, error) = TemplateReference.Parse(text);
        if (reference is null)
        {
            throw ApiException.BadRequest($"Invalid template reference: {error}");
        }

        var removal = await snapshots.RemoveAsync(team, reference, http.RequestAborted);
        var isTemplate = removal == SnapshotRemoval.NotFound && (await templates.ResolveAsync(team, text, http.RequestAborted)).Result is TemplateLookup.Found or TemplateLookup.Forbidden;
        return removal switch
        {
            SnapshotRemoval.Removed => Results.NoContent(),
            SnapshotRemoval.RunningSandboxes => throw ApiException.BadRequest($"cannot delete template '{text}' because there are running sandboxes using it"),
            SnapshotRemoval.PausedSandboxes => throw ApiException.BadRequest($"cannot delete template '{text}' because there are paused sandboxes using it"),
            SnapshotRemoval.Forbidden => throw NoAccess(text),
            SnapshotRemoval.NotFound when isTemplate => throw NoAccess(text),
            SnapshotRemoval.NotFound => throw new ApiException(StatusCodes.Status404NotFound, $"template '{text}' not found"),
        };
    }

    private static ApiException NoAccess(string text) => new(StatusCodes.Status403Forbidden, $"you don't have access to template '{text}'");

    private static SnapshotInfo Describe(Snapshot snapshot, TeamRow team) =>
        new(snapshot.ReferenceIn(team.Slug), snapshot.Row.Alias is { } alias ? [$"{team.Slug}/{alias}"] : []);

    private static string? SandboxFilter(HttpRequest request) =>
        request.Query["sandboxID"].ToString() is { Length: > 0 } text ? SandboxEndpoints.Parse(text).Value : null;

    /// <summary>A name with a tag means that tag, also the default one; without, any.</summary>
    private static (string? Name, string? Tag) NameFilter(HttpRequest request, TeamRow team)
    {
        var text = request.Query["name"].ToString();
        if (text.Length == 0)
        {
            return (null, null);
        }

        var reference = ParseName(text, team);
        return (reference.Alias, text.Contains(':', StringComparison.Ordinal) ? reference.Tag ?? TemplateReference.DefaultTag : null);
    }

    /// <summary>A tag that looks like a build's id would never be found again: whoever asks for it means the build.</summary>
    private static TemplateReference ParseNewName(string text, TeamRow team)
    {
        var name = ParseName(text, team);
        return name.Alias.Length > LongestName || name.Tag?.Length > LongestName ? throw ApiException.BadRequest($"Invalid name: must have at most {LongestName} characters")
            : Guid.TryParse(name.Tag, out _) ? throw ApiException.BadRequest("Invalid name: tag cannot be a UUID")
            : name;
    }

    private static TemplateReference ParseName(string text, TeamRow team)
    {
        var (reference, error) = TemplateReference.Parse(text);
        return reference switch
        {
            null => throw ApiException.BadRequest($"Invalid name: {error}"),
            { Namespace: { } other } when other != team.Slug => throw ApiException.BadRequest($"namespace '{other}' must match your team '{team.Slug}'"),
            _ => reference,
        };
    }
}
