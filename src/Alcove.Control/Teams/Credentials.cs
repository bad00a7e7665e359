using System.Collections.Concurrent;
using Alcove.Control.Storage;
using Microsoft.EntityFrameworkCore;

namespace Alcove.Control.Teams;

/// <summary>Finds whose a key or token is. A key that is deleted stops working at once: nothing is cached but when it was last noted as used.</summary>
public sealed class Credentials(Database database, TimeProvider time)
{
    private static readonly TimeSpan NoteInterval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<Guid, DateTimeOffset> _noted = new();

    public async Task<TeamRow?> TeamOfKeyAsync(string hash, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        var found = await (from key in db.ApiKeys.AsNoTracking()
                           join team in db.Teams.AsNoTracking() on key.TeamId equals team.Id
                           where key.Hash == hash
                           select new { key.Id, Team = team }).FirstOrDefaultAsync(cancellationToken);
        if (found is null)
        {
            return null;
        }

        await NoteUseAsync(db, found.Id, cancellationToken);
        return found.Team;
    }

    /// <returns>The teams of the token's user, the default one first; empty when there is no such token.</returns>
    public async Task<TeamRow[]> TeamsOfTokenAsync(string hash, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        return await (from token in db.AccessTokens.AsNoTracking()
                      join team in db.Teams.AsNoTracking() on token.TeamId equals team.Id
                      where token.Hash == hash
                      select team).ToArrayAsync(cancellationToken);
    }

    public async Task<TeamRow?> TeamAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        return await db.Teams.AsNoTracking().FirstOrDefaultAsync(team => team.Id == id, cancellationToken);
    }

    /// <summary>Whether the key or the token that everybody knows opens anything here: the token makes new keys.</summary>
    public async Task<bool> IsWellKnownKeyActiveAsync(CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        return await db.ApiKeys.AnyAsync(key => key.Hash == WellKnown.ApiKeyHash, cancellationToken)
            || await db.AccessTokens.AnyAsync(token => token.Hash == WellKnown.AccessTokenHash, cancellationToken);
    }

    private async Task NoteUseAsync(AlcoveDb db, Guid key, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (_noted.TryGetValue(key, out var last) && now - last < NoteInterval)
        {
            return;
        }

        _noted[key] = now;
        await db.ApiKeys.Where(row => row.Id == key).ExecuteUpdateAsync(set => set.SetProperty(row => row.LastUsed, now), cancellationToken);
    }
}
