using Alcove.Control.Nodes;
using Alcove.Control.Sandboxes;
using Alcove.Control.Storage;
using Alcove.Control.Templates;
using Alcove.Protocol.Sandboxes;
using Microsoft.EntityFrameworkCore;

namespace Alcove.Control.Snapshots;

/// <summary>Which snapshots a list shows.</summary>
/// <param name="SandboxId">First taken from this one.</param>
/// <param name="Name">With this name or id.</param>
/// <param name="Tag">With a build under this tag, which is the one shown then; null for any.</param>
/// <param name="After">The last one of the page before.</param>
/// <param name="Limit">At most.</param>
public sealed record SnapshotQuery(string? SandboxId, string? Name, string? Tag, (DateTimeOffset CreatedAt, string Id)? After, int Limit);

/// <summary>A snapshot with the build that is meant.</summary>
public sealed record Snapshot(SnapshotRow Row, SnapshotBuildRow Build)
{
    /// <summary>The reference by which it can be started again: by its name where it has one.</summary>
    public string ReferenceIn(string slug) => $"{(Row.Alias is { } alias ? $"{slug}/{alias}" : Row.Id)}:{Build.Tag}";
}

/// <summary>How the removal of a snapshot ended.</summary>
public enum SnapshotRemoval
{
    Removed,
    NotFound,
    Forbidden,
    RunningSandboxes,
    PausedSandboxes,
}

/// <summary>Takes, finds, lists and removes snapshots: templates that are made of running sandboxes.</summary>
public sealed class SnapshotDirectory(Database database, SandboxDirectory sandboxes, NodeRegistry nodes, CaptureHolds holds, TimeProvider time)
{
    private const int IdLength = 20;
    private const string IdAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>Takes one of a running sandbox: under a new id, or as the newest build of the team's snapshot of that name.</summary>
    public async Task<(ActOutcome Outcome, Snapshot? Snapshot)> TakeAsync(TeamRow team, SandboxRow sandbox, TemplateReference? name)
    {
        var captureId = Guid.NewGuid().ToString("n");
        using var hold = holds.Hold(captureId);
        var (outcome, bytes) = await sandboxes.CaptureAsync(team.Id, SandboxId.Parse(sandbox.Id), captureId);
        return outcome.Result == ActResult.Done ? (outcome, await AddAsync(team, sandbox, name, captureId, bytes)) : (outcome, null);
    }

    /// <summary>The build that a reference leads to: under its tag the newest, or the one whose id the tag is.</summary>
    /// <returns>Null for the snapshot when there is none of that name or id; null for the build when it has none under the tag.</returns>
    public async Task<(SnapshotRow? Row, SnapshotBuildRow? Build)> FindAsync(Guid? teamId, string? alias, string? id, string? tag, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        var row = await db.Snapshots.AsNoTracking().FirstOrDefaultAsync(
            snapshot => alias != null ? snapshot.TeamId == teamId && snapshot.Alias == alias : snapshot.Id == id, cancellationToken);
        if (row is null)
        {
            return (null, null);
        }

        var wanted = tag ?? TemplateReference.DefaultTag;
        var builds = db.SnapshotBuilds.AsNoTracking().Where(build => build.SnapshotId == row.Id);
        var named = Guid.TryParse(wanted, out var buildId)
            ? builds.Where(build => build.Id == buildId)
            : builds.Where(build => build.Tag == wanted).OrderByDescending(build => build.CreatedAt);
        return (row, await named.FirstOrDefaultAsync(cancellationToken));
    }

    /// <summary>Newest first; one more than the limit where there are more.</summary>
    public async Task<List<Snapshot>> ListAsync(TeamRow team, SnapshotQuery query, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        var rows = db.Snapshots.AsNoTracking().Where(row => row.TeamId == team.Id);
        if (query.SandboxId is { } sandbox)
        {
            rows = rows.Where(row => row.SandboxId == sandbox);
        }

        if (query.Name is { } name)
        {
            rows = rows.Where(row => row.Alias == name || row.Id == name);
        }

        var ids = rows.Select(row => row.Id);
        var builds = await db.SnapshotBuilds.AsNoTracking().Where(build => ids.Contains(build.SnapshotId) && (query.Tag == null || build.Tag == query.Tag)).ToListAsync(cancellationToken);
        var newest = builds.GroupBy(build => build.SnapshotId).ToDictionary(group => group.Key, group => group.MaxBy(build => build.CreatedAt)!);
        var ordered = (await rows.ToListAsync(cancellationToken)).Where(row => newest.ContainsKey(row.Id))
            .OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id, StringComparer.Ordinal).AsEnumerable();
        if (query.After is { } last)
        {
            ordered = ordered.Where(row => row.CreatedAt < last.CreatedAt || (row.CreatedAt == last.CreatedAt && string.CompareOrdinal(row.Id, last.Id) < 0));
        }

        return [.. ordered.Take(query.Limit).Select(row => new Snapshot(row, newest[row.Id]))];
    }

    /// <summary>All of all teams, for operators.</summary>
    public async Task<List<(Snapshot Snapshot, TeamRow Team)>> AllAsync(CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        var rows = await (from snapshot in db.Snapshots.AsNoTracking()
                          join build in db.SnapshotBuilds.AsNoTracking() on snapshot.Id equals build.SnapshotId
                          join team in db.Teams.AsNoTracking() on snapshot.TeamId equals team.Id
                          orderby build.CreatedAt descending
                          select new { snapshot, build, team }).ToListAsync(cancellationToken);
        return [.. rows.Select(row => (new Snapshot(row.snapshot, row.build), row.team))];
    }

    /// <summary>Removes a snapshot with all its builds; sandboxes that were made from it must be gone.</summary>
    public async Task<SnapshotRemoval> RemoveAsync(TeamRow team, TemplateReference reference, CancellationToken cancellationToken)
    {
        var isOwn = reference.Namespace is null || reference.Namespace == team.Slug;
        var (row, _) = isOwn ? await FindAsync(team.Id, reference.Alias, null, null, cancellationToken) : (null, null);
        if (row is null && reference.Namespace is null)
        {
            (row, _) = await FindAsync(null, null, reference.Alias, null, cancellationToken);
        }

        if (row is null || row.TeamId != team.Id)
        {
            return row is null ? SnapshotRemoval.NotFound : SnapshotRemoval.Forbidden;
        }

        await using var db = database.Open();
        var users = await db.Sandboxes.Where(sandbox => sandbox.TemplateId == row.Id && sandbox.Status != SandboxStatus.Killing).Select(sandbox => sandbox.Status).ToListAsync(cancellationToken);
        if (users.Count > 0)
        {
            return users.Contains(SandboxStatus.Paused) ? SnapshotRemoval.PausedSandboxes : SnapshotRemoval.RunningSandboxes;
        }

        var builds = await db.SnapshotBuilds.Where(build => build.SnapshotId == row.Id).ToListAsync(cancellationToken);
        db.SnapshotBuilds.RemoveRange(builds);
        db.Snapshots.Remove(row);
        await db.SaveChangesAsync(cancellationToken);
        foreach (var build in builds)
        {
            await DeleteCaptureAsync(build);
        }

        return SnapshotRemoval.Removed;
    }

    private async Task<Snapshot> AddAsync(TeamRow team, SandboxRow sandbox, TemplateReference? name, string captureId, long bytes)
    {
        try
        {
            return await AddBuildAsync(team, sandbox, name, captureId, bytes);
        }
        catch (DbUpdateException) when (name is not null)
        {
            // Another was taken under this new name at the same time: now the name is there, and this is a build of it.
            return await AddBuildAsync(team, sandbox, name, captureId, bytes);
        }
    }

    private async Task<Snapshot> AddBuildAsync(TeamRow team, SandboxRow sandbox, TemplateReference? name, string captureId, long bytes)
    {
        var now = time.GetUtcNow();
        await using var db = database.Open();
        var row = name is null ? null : await db.Snapshots.FirstOrDefaultAsync(snapshot => snapshot.TeamId == team.Id && snapshot.Alias == name.Alias);
        if (row is null)
        {
            row = new SnapshotRow
            {
                Id = System.Security.Cryptography.RandomNumberGenerator.GetString(IdAlphabet, IdLength),
                TeamId = team.Id,
                Alias = name?.Alias,
                SandboxId = sandbox.Id,
                CreatedAt = now,
            };
            db.Snapshots.Add(row);
        }

        var build = new SnapshotBuildRow
        {
            Id = Guid.NewGuid(),
            SnapshotId = row.Id,
            Tag = name?.Tag ?? TemplateReference.DefaultTag,
            NodeId = sandbox.NodeId,
            CaptureId = captureId,
            Bytes = bytes,
            CpuCount = sandbox.CpuCount,
            MemoryMiB = sandbox.MemoryMiB,
            DiskMiB = sandbox.DiskMiB,
            EnvdVersion = sandbox.EnvdVersion,
            CreatedAt = now,
        };
        db.SnapshotBuilds.Add(build);
        await db.SaveChangesAsync();
        return new Snapshot(row, build);
    }

    /// <summary>One that stays is nobody's, and goes when the node is next compared with the rows.</summary>
    private async Task DeleteCaptureAsync(SnapshotBuildRow build)
    {
        try
        {
            await (nodes.Find(build.NodeId)?.Client.DeleteCaptureAsync(build.CaptureId) ?? Task.CompletedTask);
        }
        catch (Connect.ConnectException)
        {
            // The node is away.
        }
    }
}
