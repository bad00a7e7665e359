using Alcove.Control.Sandboxes;
using Alcove.Control.Storage;
using Alcove.Protocol;
using Alcove.Protocol.Sandboxes;
using Alcove.Server.Auth;
using Alcove.Server.Errors;
using Alcove.Server.Requests;

namespace Alcove.Server.Sandboxes;

/// <summary>The routes that put a sandbox away, take it up again and copy it.</summary>
internal static class LifecycleEndpoints
{
    private const int DefaultConnectTimeout = 300;
    private const int DefaultTimeout = 15;
    private const int MostCopies = 100;

    public static void MapLifecycle(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/sandboxes/{id}/pause", PauseAsync).RequireAccess(Access.Team);
        routes.MapPost("/sandboxes/{id}/resume", ResumeAsync).RequireAccess(Access.Team);
        routes.MapPost("/sandboxes/{id}/connect", (HttpContext http, string id) => ConnectAsync(http, id, bodyRequired: true)).RequireAccess(Access.Team);
        routes.MapPost("/v2/sandboxes/{id}/connect", (HttpContext http, string id) => ConnectAsync(http, id, bodyRequired: false)).RequireAccess(Access.Team);
        routes.MapPost("/sandboxes/{id}/fork", ForkAsync).RequireAccess(Access.Team);
    }

    private static async Task<IResult> PauseAsync(HttpContext http, string id)
    {
        var request = await RequestBody.ReadOptionalAsync(http.Request, RestJson.Default.PauseSandbox);
        var sandbox = SandboxEndpoints.Parse(id);
        var outcome = await SandboxEndpoints.Service<SandboxDirectory>(http).PauseAsync(Caller.TeamOf(http).Id, sandbox, request?.Memory ?? true).WaitAsync(http.RequestAborted);
        return outcome.Result switch
        {
            ActResult.Done => Results.NoContent(),
            ActResult.WasPaused => throw ApiException.Conflict($"Error pausing sandbox - sandbox '{sandbox}' is already paused"),
            ActResult.Busy => throw ApiException.Conflict($"Sandbox '{sandbox}' cannot be paused while in '{outcome.Reason}' state"),
            _ => throw Explain(outcome, sandbox, "paused"),
        };
    }

    private static async Task<IResult> ResumeAsync(HttpContext http, string id)
    {
        var team = Caller.TeamOf(http);
        var request = await RequestBody.ReadOptionalAsync(http.Request, RestJson.Default.ResumeSandbox);
        var timeout = request?.Timeout ?? DefaultTimeout;
        CheckPositive(timeout, team);
        var sandbox = SandboxEndpoints.Parse(id);
        var outcome = await SandboxEndpoints.Service<SandboxDirectory>(http).WakeAsync(sandbox, Wake(team, WakeManner.Resume, timeout, request?.Memory) with { AutoPause = request?.AutoPause }).WaitAsync(http.RequestAborted);
        return outcome.Result switch
        {
            ActResult.Done => await CreatedAsync(http, sandbox, StatusCodes.Status201Created),
            ActResult.WasRunning => throw ApiException.Conflict($"Sandbox {sandbox} is already running"),
            ActResult.Busy => throw ApiException.Conflict($"Sandbox snapshot is currently being created for sandbox '{sandbox}'"),
            ActResult.Killing => throw ApiException.SandboxNotFound(sandbox.Value),
            _ => throw Explain(outcome, sandbox, "resumed", team),
        };
    }

    private static async Task<IResult> ConnectAsync(HttpContext http, string id, bool bodyRequired)
    {
        var team = Caller.TeamOf(http);
        var request = bodyRequired
            ? await RequestBody.ReadAsync(http.Request, RestJson.Default.ConnectSandbox)
            : await RequestBody.ReadOptionalAsync(http.Request, RestJson.Default.ConnectSandbox);
        var timeout = request?.Timeout ?? (bodyRequired ? throw ApiException.Invalid("request body has an error: property \"timeout\" is missing") : DefaultConnectTimeout);
        SandboxEndpoints.CheckNotNegative("timeout", timeout);
        CreateRules.CheckLongest(timeout, team);
        var sandbox = SandboxEndpoints.Parse(id);
        var outcome = await SandboxEndpoints.Service<SandboxDirectory>(http).WakeAsync(sandbox, Wake(team, WakeManner.Connect, timeout, request?.Memory)).WaitAsync(http.RequestAborted);
        return outcome.Result switch
        {
            ActResult.Done => await CreatedAsync(http, sandbox, StatusCodes.Status201Created),
            ActResult.WasRunning => await CreatedAsync(http, sandbox, StatusCodes.Status200OK),
            ActResult.UsedUp => throw ApiException.BadRequest("Max instance length exceeded"),
            _ => throw Explain(outcome, sandbox, "resumed", team),
        };
    }

    private static async Task<IResult> ForkAsync(HttpContext http, string id)
    {
        var team = Caller.TeamOf(http);
        var request = await RequestBody.ReadOptionalAsync(http.Request, RestJson.Default.ForkSandbox);
        var (timeout, count) = (request?.Timeout ?? DefaultTimeout, request?.Count ?? 1);
        if (count is < 1 or > MostCopies)
        {
            throw ApiException.Invalid($"request body has an error: \"count\" must be from 1 to {MostCopies}");
        }

        CheckPositive(timeout, team);
        if (count >= team.ConcurrentSandboxes)
        {
            throw ApiException.BadRequest($"Count must be lower than the maximum number of concurrent sandboxes ({team.ConcurrentSandboxes})");
        }

        var source = await SandboxEndpoints.FindAsync(http, SandboxEndpoints.Parse(id));
        var (outcome, children) = await SandboxEndpoints.Service<SandboxForks>(http).ForkAsync(team, source, count, TimeSpan.FromSeconds(timeout)).WaitAsync(http.RequestAborted);
        return outcome.Result switch
        {
            ActResult.Done => Results.Json(await Task.WhenAll(children.Select(child => DescribeAsync(http, child, team))), RestJson.Default.IEnumerableForkedSandbox, statusCode: StatusCodes.Status201Created),
            ActResult.NotFound when source.Status == SandboxStatus.Paused => throw ApiException.Conflict($"Sandbox '{source.Id}' is paused and cannot be forked; resume it first"),
            ActResult.Busy => throw ApiException.Conflict($"Sandbox '{source.Id}' cannot be forked while in '{outcome.Reason}' state"),
            _ => throw Explain(outcome, SandboxId.Parse(source.Id), "forked"),
        };
    }

    /// <summary>How an act that failed is told. A 503 means that nothing has changed.</summary>
    public static ApiException Explain(ActOutcome outcome, SandboxId id, string done, TeamRow? team = null) => outcome.Result switch
    {
        ActResult.NotFound => ApiException.SandboxNotFound(id.Value),
        ActResult.Killing => ApiException.Conflict($"Sandbox \"{id}\" is being killed"),
        ActResult.Busy => ApiException.Conflict($"Sandbox '{id}' cannot be {done} while in '{outcome.Reason}' state"),
        ActResult.StartsWithMemory => new ApiException(StatusCodes.Status409Conflict, $"Sandbox '{id}' is already being resumed with its memory", "sandbox_start_in_flight"),
        ActResult.NoPlace => ApiException.TooManySandboxes(team!.ConcurrentSandboxes),
        ActResult.TimedOut => new ApiException(StatusCodes.Status504GatewayTimeout, $"Sandbox '{id}' could not be {done} in time, please retry", "sandbox_placement_timeout"),
        ActResult.NoCapacity => new ApiException(StatusCodes.Status503ServiceUnavailable, $"Sandbox '{id}' cannot be {done} right now: {outcome.Reason}. Please try again later", "sandbox_capacity_unavailable"),
        _ => new ApiException(StatusCodes.Status503ServiceUnavailable, $"Sandbox '{id}' cannot be {done} right now because its node is busy or cannot do it: {outcome.Reason}. Nothing has changed, please retry"),
    };

    private static async Task<ForkedSandbox> DescribeAsync(HttpContext http, ForkedChild child, TeamRow team)
    {
        if (child.Id is { } id)
        {
            return new ForkedSandbox(SandboxEndpoints.Service<SandboxViews>(http).Created(await SandboxEndpoints.FindAsync(http, id), http.Request));
        }

        var error = (child.Outcome is null ? ApiException.TooManySandboxes(team.ConcurrentSandboxes) : CreateRules.Explain(child.Outcome)).Error;
        return new ForkedSandbox(Error: new ForkError(error.Code, error.Message));
    }

    private static async Task<IResult> CreatedAsync(HttpContext http, SandboxId id, int status) => Results.Json(
        SandboxEndpoints.Service<SandboxViews>(http).Created(await SandboxEndpoints.FindAsync(http, id), http.Request), RestJson.Default.Sandbox, statusCode: status);

    private static WakeRequest Wake(TeamRow team, WakeManner manner, int timeout, bool? memory) =>
        new(team.Id, manner, TimeSpan.FromSeconds(timeout), TimeSpan.FromHours(team.MaxSandboxHours), team.ConcurrentSandboxes, memory ?? true);

    private static void CheckPositive(int timeout, TeamRow team)
    {
        if (timeout <= 0)
        {
            throw ApiException.BadRequest("Timeout must be greater than 0");
        }

        CreateRules.CheckLongest(timeout, team);
    }
}
