using Alcove.Control.Routing;
using Alcove.Control.Storage;
using Alcove.Control.Teams;
using Alcove.Protocol.Sandboxes;
using Microsoft.EntityFrameworkCore;

namespace Alcove.Control.Sandboxes;

/// <summary>Which sandboxes a list shows, and in which order.</summary>
/// <param name="Metadata">All of these must be there.</param>
/// <param name="Running">Whether running ones are wanted.</param>
/// <param name="Paused">Whether paused ones are wanted.</param>
/// <param name="Ascending">Oldest first.</param>
/// <param name="StartedAfter">Not older than this.</param>
/// <param name="TemplateId">Of this template only.</param>
/// <param name="After">The last one of the page before.</param>
/// <param name="Limit">Rows at most.</param>
public sealed record SandboxQuery(
    IReadOnlyDictionary<string, string> Metadata, bool Running, bool Paused, bool Ascending, DateTimeOffset? StartedAfter, string? TemplateId, (DateTimeOffset StartedAt, string Id)? After, int Limit);

/// <summary>Sandboxes by team: creates, finds, lists, and passes on what is asked of one.</summary>
public sealed class SandboxDirectory(Database database, IGrainFactory grains, RouteTable routes, SandboxTokens tokens, TimeProvider time)
{
    /// <returns>Null when the team has as many as it may; otherwise the row, or why it could not be made.</returns>
    public async Task<(SandboxId Id, CreateOutcome Outcome)?> CreateAsync(SandboxPlan plan, int limit)
    {
        var id = SandboxId.New();
        var team = grains.GetGrain<ITeamGrain>(plan.TeamId);
        if (!await team.TryReserveAsync(id.Value, limit))
        {
            return null;
        }

        try
        {
            var outcome = await grains.GetGrain<ISandboxGrain>(id.Value).CreateAsync(plan);
            if (outcome.Result != CreateResult.Created)
            {
                await team.ReleaseAsync(id.Value);
            }

            return (id, outcome);
        }
        catch
        {
            await team.ReleaseAsync(id.Value);
            throw;
        }
    }

    /// <summary>A sandbox of the team that can be seen: running or paused, or on the way between them.</summary>
    public async Task<SandboxRow?> FindAsync(Guid teamId, SandboxId id, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        var row = await db.Sandboxes.AsNoTracking().FirstOrDefaultAsync(row => row.Id == id.Value && row.TeamId == teamId, cancellationToken);
        return row is not null && SandboxVisibility.Of(row, time.GetUtcNow()) != ShownAs.Nothing ? row : null;
    }

    /// <summary>Sandboxes of a team: a page and one row more where there are more, and how many of them run in all.</summary>
    public async Task<(List<SandboxRow> Page, int Running)> ListAsync(Guid teamId, SandboxQuery query, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var db = database.Open();
        var rows = db.Sandboxes.AsNoTracking().Where(row => row.TeamId == teamId && row.Status != SandboxStatus.Killing && row.Status != SandboxStatus.Starting);
        if (query.StartedAfter is { } after)
        {
            rows = rows.Where(row => row.StartedAt >= after);
        }

        if (query.TemplateId is { } template)
        {
            rows = rows.Where(row => row.TemplateId == template);
        }

        // Metadata is one column: its few words are compared here rather than in two dialects of SQL.
        var matching = (await rows.ToListAsync(cancellationToken))
            .Where(row => IsWanted(SandboxVisibility.Of(row, now)) && query.Metadata.All(pair => row.Metadata.GetValueOrDefault(pair.Key) == pair.Value)).ToList();
        matching.Sort((left, right) => Compare((left.StartedAt, left.Id), (right.StartedAt, right.Id), query.Ascending));
        var page = query.After is { } last ? matching.SkipWhile(row => Compare((row.StartedAt, row.Id), last, query.Ascending) <= 0) : matching;
        return ([.. page.Take(query.Limit)], matching.Count(row => SandboxVisibility.Of(row, now) == ShownAs.Running));

        bool IsWanted(ShownAs shown) => (shown == ShownAs.Running && query.Running) || (shown == ShownAs.Paused && query.Paused);
    }

    public Task<bool> KillAsync(Guid teamId, SandboxId id) => grains.GetGrain<ISandboxGrain>(id.Value).KillAsync(teamId);

    public Task<ActOutcome> PauseAsync(Guid teamId, SandboxId id, bool withMemory) => grains.GetGrain<ISandboxGrain>(id.Value).PauseAsync(teamId, withMemory);

    public Task<ActOutcome> WakeAsync(SandboxId id, WakeRequest request) => grains.GetGrain<ISandboxGrain>(id.Value).WakeAsync(request);

    public Task<TimeOutcome> ChangeTimeAsync(TeamRow team, SandboxId id, TimeSpan span, TimeChange change) =>
        grains.GetGrain<ISandboxGrain>(id.Value).ChangeTimeAsync(team.Id, span, change, TimeSpan.FromHours(team.MaxSandboxHours));

    /// <summary>Takes a capture of a running sandbox under a name of the caller's.</summary>
    public Task<(ActOutcome Outcome, long Bytes)> CaptureAsync(Guid teamId, SandboxId id, string captureId) => grains.GetGrain<ISandboxGrain>(id.Value).CaptureAsync(teamId, captureId);

    /// <summary>All of all teams, for operators.</summary>
    public async Task<List<(SandboxRow Sandbox, TeamRow Team)>> AllAsync(CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        var rows = await (from sandbox in db.Sandboxes.AsNoTracking()
                          join team in db.Teams.AsNoTracking() on sandbox.TeamId equals team.Id
                          orderby sandbox.StartedAt descending
                          select new { sandbox, team }).ToListAsync(cancellationToken);
        return [.. rows.Select(row => (row.sandbox, row.team))];
    }

    /// <summary>Makes every running sandbox reachable again; before the first request is answered.</summary>
    public async Task PublishAllAsync(CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        await foreach (var row in db.Sandboxes.AsNoTracking().Where(row => row.Status == SandboxStatus.Running || row.Status == SandboxStatus.Snapshotting).AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            routes.Publish(SandboxGrain.Route(row, tokens));
        }
    }

    /// <summary>By start, newest first, then by id; ascending is the exact mirror image.</summary>
    private static int Compare((DateTimeOffset StartedAt, string Id) left, (DateTimeOffset StartedAt, string Id) right, bool ascending)
    {
        var byStart = right.StartedAt.CompareTo(left.StartedAt);
        var order = byStart != 0 ? byStart : string.CompareOrdinal(left.Id, right.Id);
        return ascending ? -order : order;
    }
}
