using System.Globalization;
using Alcove.Control.Sandboxes;
using Alcove.Control.Storage;
using Alcove.Control.Templates;
using Alcove.Protocol;
using Alcove.Protocol.Sandboxes;
using Alcove.Server.Auth;
using Alcove.Server.Errors;
using Alcove.Server.Requests;

namespace Alcove.Server.Sandboxes;

/// <summary>The routes under <c>/sandboxes</c> and <c>/v2/sandboxes</c>.</summary>
internal static class SandboxEndpoints
{
    private const int ShortestRefresh = 15;
    private const int LongestRefresh = 3600;

    public static void MapSandboxes(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/sandboxes", Handler(http => CreateAsync(http, CreateGeneration.V1))).RequireAccess(Access.Team);
        routes.MapPost("/v2/sandboxes", Handler(http => CreateAsync(http, CreateGeneration.V2))).RequireAccess(Access.Team);
        routes.MapGet("/sandboxes", Handler(ListRunningAsync)).RequireAccess(Access.Team, forBlocked: true);
        routes.MapGet("/v2/sandboxes", Handler(ListAsync)).RequireAccess(Access.Team, forBlocked: true);
        routes.MapGet("/sandboxes/{id}", GetAsync).RequireAccess(Access.Team, forBlocked: true);
        routes.MapDelete("/sandboxes/{id}", KillAsync).RequireAccess(Access.Team, forBlocked: true);
        routes.MapPost("/sandboxes/{id}/timeout", SetTimeoutAsync).RequireAccess(Access.Team);
        routes.MapPost("/sandboxes/{id}/refreshes", RefreshAsync).RequireAccess(Access.Team);
    }

    /// <summary>A handler of the context alone is one whose result is written, not one that writes.</summary>
    private static Delegate Handler(Func<HttpContext, Task<IResult>> handler) => handler;

    private static async Task<IResult> CreateAsync(HttpContext http, CreateGeneration generation)
    {
        var team = Caller.TeamOf(http);
        var request = await RequestBody.ReadAsync(http.Request, RestJson.Default.NewSandbox);
        CreateRules.Check(request, team, generation);
        var (result, template, detail) = await Service<TemplateResolver>(http).ResolveAsync(team, request.TemplateID!, http.RequestAborted);
        if (template is null)
        {
            throw CreateRules.Explain(result, request.TemplateID!, detail);
        }

        var directory = Service<SandboxDirectory>(http);
        var created = await directory.CreateAsync(CreateRules.Plan(request, team, template, generation), team.ConcurrentSandboxes).WaitAsync(http.RequestAborted);
        return created switch
        {
            null => throw ApiException.TooManySandboxes(team.ConcurrentSandboxes),
            { Outcome.Result: CreateResult.Created } made => Results.Json(
                Service<SandboxViews>(http).Created(await FindAsync(http, made.Id), http.Request), RestJson.Default.Sandbox, statusCode: StatusCodes.Status201Created),
            { Outcome: { } outcome } => throw CreateRules.Explain(outcome),
        };
    }

    private static async Task<IResult> GetAsync(HttpContext http, string id) =>
        Results.Json(Service<SandboxViews>(http).Detail(await FindAsync(http, Parse(id)), http.Request), RestJson.Default.SandboxDetail);

    private static async Task<IResult> KillAsync(HttpContext http, string id)
    {
        var sandbox = Parse(id);
        return await Service<SandboxDirectory>(http).KillAsync(Caller.TeamOf(http).Id, sandbox).WaitAsync(http.RequestAborted) ? Results.NoContent() : throw ApiException.SandboxNotFound(sandbox.Value);
    }

    private static async Task<IResult> SetTimeoutAsync(HttpContext http, string id)
    {
        var request = await RequestBody.ReadAsync(http.Request, RestJson.Default.SandboxTimeout);
        var timeout = request.Timeout ?? throw ApiException.Invalid("request body has an error: property \"timeout\" is missing");
        CheckNotNegative("timeout", timeout);
        return await ChangeTimeAsync(http, id, timeout, TimeChange.Set);
    }

    private static async Task<IResult> RefreshAsync(HttpContext http, string id)
    {
        var request = await RequestBody.ReadOptionalAsync(http.Request, RestJson.Default.SandboxRefresh);
        var duration = request?.Duration ?? ShortestRefresh;
        CheckNotNegative("duration", duration);
        return duration <= LongestRefresh
            ? await ChangeTimeAsync(http, id, Math.Max(duration, ShortestRefresh), TimeChange.Extend)
            : throw ApiException.Invalid($"request body has an error: \"duration\" must be at most {LongestRefresh}");
    }

    private static async Task<IResult> ChangeTimeAsync(HttpContext http, string id, int seconds, TimeChange change)
    {
        var sandbox = Parse(id);
        var outcome = await Service<SandboxDirectory>(http).ChangeTimeAsync(Caller.TeamOf(http), sandbox, TimeSpan.FromSeconds(seconds), change).WaitAsync(http.RequestAborted);
        Answer(outcome, sandbox);
        return Results.NoContent();
    }

    private static async Task<IResult> ListRunningAsync(HttpContext http)
    {
        var query = new SandboxQuery(ListParameters.Metadata(http.Request), Running: true, Paused: false, Ascending: false, StartedAfter: null, TemplateId: null, After: null, Limit: int.MaxValue);
        var (page, _) = await Service<SandboxDirectory>(http).ListAsync(Caller.TeamOf(http).Id, query, http.RequestAborted);
        return Results.Json(page.Select(Service<SandboxViews>(http).Listed), RestJson.Default.IEnumerableListedSandbox);
    }

    private static async Task<IResult> ListAsync(HttpContext http)
    {
        var request = http.Request;
        var ascending = ListParameters.Ascending(request);
        var (running, paused) = ListParameters.States(request);
        var limit = ListParameters.Limit(request);
        var query = new SandboxQuery(ListParameters.Metadata(request), running, paused, ascending, ListParameters.StartedAfter(request), null, ListParameters.Cursor(request, ascending), limit + 1);
        var (found, template) = await TemplateOfQueryAsync(http);
        var (page, total) = found ? await Service<SandboxDirectory>(http).ListAsync(Caller.TeamOf(http).Id, query with { TemplateId = template }, http.RequestAborted) : ([], 0);
        if (running)
        {
            http.Response.Headers["X-Total-Running"] = total.ToString(CultureInfo.InvariantCulture);
        }

        if (page.Count > limit)
        {
            page.RemoveAt(limit);
            http.Response.Headers["X-Next-Token"] = ListParameters.Token(ascending, page[^1].StartedAt, page[^1].Id);
        }

        return Results.Json(page.Select(Service<SandboxViews>(http).Listed), RestJson.Default.IEnumerableListedSandbox);
    }

    /// <returns>Whether there is such a template (or none is asked for), and its id.</returns>
    private static async Task<(bool Found, string? Id)> TemplateOfQueryAsync(HttpContext http)
    {
        var text = http.Request.Query["template"].ToString();
        if (text.Length == 0)
        {
            return (true, null);
        }

        if (text.Contains(':', StringComparison.Ordinal))
        {
            throw ApiException.BadRequest("Invalid template: tags are not supported here because sandboxes are not tag-scoped");
        }

        var (_, template, _) = await Service<TemplateResolver>(http).ResolveAsync(Caller.TeamOf(http), text, http.RequestAborted);
        return (template is not null, template?.Id);
    }

    public static async Task<SandboxRow> FindAsync(HttpContext http, SandboxId id) =>
        await Service<SandboxDirectory>(http).FindAsync(Caller.TeamOf(http).Id, id, http.RequestAborted) ?? throw ApiException.SandboxNotFound(id.Value);

    private static void Answer(TimeOutcome outcome, SandboxId id)
    {
        var error = outcome switch
        {
            TimeOutcome.Changed => null,
            TimeOutcome.NotFound => ApiException.SandboxNotFound(id.Value),
            TimeOutcome.UsedUp => ApiException.BadRequest("Max instance length exceeded"),
            TimeOutcome.Killing => ApiException.Conflict($"Sandbox \"{id}\" is being killed"),
            TimeOutcome.Pausing => ApiException.Conflict($"Sandbox \"{id}\" is being paused"),
        };
        if (error is not null)
        {
            throw error;
        }
    }

    public static void CheckNotNegative(string name, int value)
    {
        if (value < 0)
        {
            throw ApiException.Invalid($"request body has an error: \"{name}\" must be at least 0");
        }
    }

    public static SandboxId Parse(string text) => SandboxId.TryParseWithSuffix(text, out var id) ? id : throw ApiException.BadRequest("Invalid sandbox ID");

    public static T Service<T>(HttpContext http)
        where T : notnull => http.RequestServices.GetRequiredService<T>();
}
