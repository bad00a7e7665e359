using Microsoft.EntityFrameworkCore;

namespace Alcove.Control.Storage;

/// <summary>What happened to sandboxes, in order, also to those that are gone.</summary>
public sealed class SandboxEvents(Database database, TimeProvider time)
{
    public async Task AddAsync(string sandboxId, Guid teamId, string kind, string message)
    {
        await using var db = database.Open();
        db.SandboxEvents.Add(new SandboxEventRow { SandboxId = sandboxId, TeamId = teamId, At = time.GetUtcNow(), Kind = kind, Message = message });
        await db.SaveChangesAsync();
    }

    /// <summary>The newest, oldest first; of one sandbox or of all.</summary>
    public async Task<List<SandboxEventRow>> NewestAsync(string? sandboxId, int limit, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        var rows = await db.SandboxEvents.AsNoTracking().Where(row => sandboxId == null || row.SandboxId == sandboxId)
            .OrderByDescending(row => row.Id).Take(limit).ToListAsync(cancellationToken);
        rows.Reverse();
        return rows;
    }
}
