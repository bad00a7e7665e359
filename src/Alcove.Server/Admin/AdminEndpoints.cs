using System.Text.RegularExpressions;
using Alcove.Control.Sandboxes;
using Alcove.Control.Snapshots;
using Alcove.Control.Storage;
using Alcove.Control.Teams;
using Alcove.Protocol.Admin;
using Alcove.Protocol.Sandboxes;
using Alcove.Server.Auth;
using Alcove.Server.Errors;
using Alcove.Server.Requests;
using Alcove.Server.Sandboxes;
using Microsoft.EntityFrameworkCore;

namespace Alcove.Server.Admin;

/// <summary>What operators do with teams, keys and sandboxes.</summary>
internal static partial class AdminEndpoints
{
    private const int MostSandboxes = 100_000;
    private const int DefaultEvents = 100;
    private const int MostEvents = 10_000;
    private const int LongestName = 128;

    public static void MapAdmin(this IEndpointRouteBuilder routes)
    {
        var admin = routes.MapGroup("/admin").RequireAccess(Access.Admin);
        admin.MapGet("/teams", ListTeamsAsync);
        admin.MapPost("/teams", CreateTeamAsync);
        admin.MapPatch("/teams/{id:guid}/limits", ChangeLimitsAsync);
        admin.MapPatch("/teams/{id:guid}/standing", ChangeStandingAsync);
        admin.MapGet("/teams/{id:guid}/api-keys", async (HttpContext http, Guid id, ApiKeys keys, Database database) =>
        {
            await TeamAsync(database, id, http.RequestAborted);
            return Results.Json(await keys.ListAsync(id, http.RequestAborted), AdminJson.Default.AdminApiKeyArray);
        });
        admin.MapPost("/teams/{id:guid}/api-keys", CreateKeyAsync);
        admin.MapDelete("/teams/{id:guid}/api-keys/{key:guid}", async (HttpContext http, Guid id, Guid key, ApiKeys keys) =>
            await keys.DeleteAsync(id, key, http.RequestAborted) ? Results.NoContent() : throw new ApiException(StatusCodes.Status404NotFound, "API key not found"));
        admin.MapPost("/teams/{id:guid}/sandboxes/kill", KillAllAsync);
        admin.MapGet("/sandboxes", ListSandboxesAsync);
        admin.MapGet("/snapshots", ListSnapshotsAsync);
        admin.MapGet("/events", ListEventsAsync);
        admin.MapGet("/sandboxes/running-counts", async (HttpContext http, SandboxDirectory sandboxes) =>
            (await sandboxes.AllAsync(http.RequestAborted)).Where(row => row.Sandbox.Status == SandboxStatus.Running).CountBy(row => row.Team.Id).ToDictionary(pair => pair.Key.ToString(), pair => pair.Value));
    }

    private static async Task<IResult> ListTeamsAsync(HttpContext http, Database database)
    {
        await using var db = database.Open();
        var teams = await db.Teams.AsNoTracking().OrderBy(team => team.CreatedAt).ToListAsync(http.RequestAborted);
        var running = await db.Sandboxes.Where(row => row.Status == SandboxStatus.Running).GroupBy(row => row.TeamId).Select(group => new { group.Key, Count = group.Count() })
            .ToDictionaryAsync(row => row.Key, row => row.Count, http.RequestAborted);
        return Results.Json(teams.Select(team => Describe(team, running.GetValueOrDefault(team.Id))).ToArray(), AdminJson.Default.AdminTeamArray);
    }

    private static async Task<IResult> CreateTeamAsync(HttpContext http, Database database, TimeProvider time)
    {
        var request = await RequestBody.ReadAsync(http.Request, AdminJson.Default.NewTeam);
        CheckName(request.Name);
        var slug = request.Slug ?? NoSlugPattern().Replace(request.Name.ToLowerInvariant(), "-").Trim('-');
        if (!SlugPattern().IsMatch(slug))
        {
            throw ApiException.Invalid("request body has an error: \"slug\" must consist of a-z, 0-9, '-' and '_'");
        }

        await using var db = database.Open();
        if (await db.Teams.AnyAsync(team => team.Slug == slug, http.RequestAborted))
        {
            throw new ApiException(StatusCodes.Status409Conflict, $"A team with the slug '{slug}' exists already");
        }

        var row = TeamDefaults.NewTeam(Guid.NewGuid(), request.Name, slug, time.GetUtcNow());
        db.Teams.Add(row);
        await db.SaveChangesAsync(http.RequestAborted);
        return Results.Json(Describe(row, 0), AdminJson.Default.AdminTeam, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> ChangeLimitsAsync(HttpContext http, Guid id, Database database)
    {
        var change = await RequestBody.ReadAsync(http.Request, AdminJson.Default.TeamLimitsChange);
        if (new[] { change.ConcurrentSandboxes, change.MaxSandboxHours, change.ConcurrentBuilds, change.MaxCpuCount, change.MaxMemoryMiB, change.MaxDiskMiB }.Any(value => value is < 1 or > MostSandboxes * 100))
        {
            throw ApiException.Invalid("request body has an error: limits must be positive");
        }

        await using var db = database.Open();
        var team = await db.Teams.FirstOrDefaultAsync(row => row.Id == id, http.RequestAborted) ?? throw new ApiException(StatusCodes.Status404NotFound, "Team not found");
        team.ConcurrentSandboxes = change.ConcurrentSandboxes ?? team.ConcurrentSandboxes;
        team.MaxSandboxHours = change.MaxSandboxHours ?? team.MaxSandboxHours;
        team.ConcurrentBuilds = change.ConcurrentBuilds ?? team.ConcurrentBuilds;
        team.MaxCpuCount = change.MaxCpuCount ?? team.MaxCpuCount;
        team.MaxMemoryMiB = change.MaxMemoryMiB ?? team.MaxMemoryMiB;
        team.MaxDiskMiB = change.MaxDiskMiB ?? team.MaxDiskMiB;
        await db.SaveChangesAsync(http.RequestAborted);
        return Results.Json(Describe(team, 0), AdminJson.Default.AdminTeam);
    }

    private static async Task<IResult> ChangeStandingAsync(HttpContext http, Guid id, Database database)
    {
        var change = await RequestBody.ReadAsync(http.Request, AdminJson.Default.TeamStandingChange);
        if (change.BlockedReason is { } reason && (reason.Length > LongestName || reason.Any(char.IsControl)))
        {
            throw ApiException.Invalid($"request body has an error: \"blockedReason\" must have at most {LongestName} characters, and no control characters");
        }

        await using var db = database.Open();
        var team = await db.Teams.FirstOrDefaultAsync(row => row.Id == id, http.RequestAborted) ?? throw new ApiException(StatusCodes.Status404NotFound, "Team not found");
        team.IsBlocked = change.Blocked ?? team.IsBlocked;
        team.BlockedReason = team.IsBlocked ? change.BlockedReason ?? team.BlockedReason : null;
        team.IsBanned = change.Banned ?? team.IsBanned;
        await db.SaveChangesAsync(http.RequestAborted);
        return Results.Json(Describe(team, 0), AdminJson.Default.AdminTeam);
    }

    private static async Task<IResult> CreateKeyAsync(HttpContext http, Guid id, ApiKeys keys, Database database)
    {
        var request = await RequestBody.ReadAsync(http.Request, AdminJson.Default.NewApiKey);
        CheckName(request.Name);
        await TeamAsync(database, id, http.RequestAborted);
        return Results.Json(await keys.CreateAsync(id, request.Name, http.RequestAborted), AdminJson.Default.AdminApiKey, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> KillAllAsync(HttpContext http, Guid id, SandboxDirectory sandboxes)
    {
        var own = (await sandboxes.AllAsync(http.RequestAborted)).Where(row => row.Team.Id == id && row.Sandbox.Status != SandboxStatus.Paused).ToArray();
        var killed = await Task.WhenAll(own.Select(row => sandboxes.KillAsync(id, SandboxId.Parse(row.Sandbox.Id))));
        return Results.Json(new Dictionary<string, int> { ["killedCount"] = killed.Count(done => done), ["failedCount"] = killed.Count(done => !done) });
    }

    private static async Task<IResult> ListSandboxesAsync(HttpContext http, SandboxDirectory sandboxes) => Results.Json(
        (await sandboxes.AllAsync(http.RequestAborted)).Select(row => new AdminSandbox(
            row.Sandbox.Id, row.Team.Id, row.Team.Name, row.Sandbox.TemplateId, row.Sandbox.Status.ToString().ToLowerInvariant(), row.Sandbox.NodeId,
            row.Sandbox.CpuCount, row.Sandbox.MemoryMiB, row.Sandbox.DiskMiB, row.Sandbox.StartedAt, row.Sandbox.EndAt,
            row.Sandbox.Status == SandboxStatus.Paused ? row.Sandbox.CaptureBytes : null)).ToArray(),
        AdminJson.Default.AdminSandboxArray);

    private static async Task<IResult> ListSnapshotsAsync(HttpContext http, SnapshotDirectory snapshots) => Results.Json(
        (await snapshots.AllAsync(http.RequestAborted)).Select(row => new AdminSnapshot(
            row.Snapshot.ReferenceIn(row.Team.Slug), row.Team.Id, row.Team.Name, row.Snapshot.Row.SandboxId, row.Snapshot.Build.NodeId, row.Snapshot.Build.Bytes, row.Snapshot.Build.CreatedAt)).ToArray(),
        AdminJson.Default.AdminSnapshotArray);

    private static async Task<IResult> ListEventsAsync(HttpContext http, SandboxEvents events, string? sandboxID, int limit = DefaultEvents)
    {
        if (limit is < 1 or > MostEvents)
        {
            throw ApiException.Invalid($"request has an error: \"limit\" must be from 1 to {MostEvents}");
        }

        var sandbox = string.IsNullOrEmpty(sandboxID) ? null : SandboxEndpoints.Parse(sandboxID).Value;
        var rows = await events.NewestAsync(sandbox, limit, http.RequestAborted);
        return Results.Json(rows.Select(row => new AdminEvent(row.SandboxId, row.TeamId, row.At, row.Kind, row.Message)).ToArray(), AdminJson.Default.AdminEventArray);
    }

    private static async Task TeamAsync(Database database, Guid id, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        if (!await db.Teams.AnyAsync(team => team.Id == id, cancellationToken))
        {
            throw new ApiException(StatusCodes.Status404NotFound, "Team not found");
        }
    }

    /// <summary>A name is shown in tables and kept in databases: both want text that can be read.</summary>
    private static void CheckName(string? name)
    {
        if (string.IsNullOrWhiteSpace(name) || name.Length > LongestName || name.Any(char.IsControl))
        {
            throw ApiException.Invalid($"request body has an error: \"name\" must have 1 to {LongestName} characters, and no control characters");
        }
    }

    private static AdminTeam Describe(TeamRow team, int running) => new(
        team.Id, team.Name, team.Slug, TeamDefaults.LimitsOf(team), running, team.CreatedAt, new TeamStanding(team.IsBlocked, team.BlockedReason, team.IsBanned));

    [GeneratedRegex(@"^[a-z0-9-_]{1,64}\z")]
    private static partial Regex SlugPattern();

    [GeneratedRegex("[^a-z0-9-_]+")]
    private static partial Regex NoSlugPattern();
}
