using Alcove.Control.Storage;
using Microsoft.EntityFrameworkCore;

namespace Alcove.Control.Teams;

/// <summary>Puts the well-known team, key and token into the database, whichever of them are missing.</summary>
public sealed class Seed(Database database, TimeProvider time)
{
    /// <summary>
    /// Does so in a database without any team, and no other: where somebody has taken the well-known key back, it must not return with
    /// the next start.
    /// </summary>
    public async Task RunIfEmptyAsync(CancellationToken cancellationToken)
    {
        await database.MigrateAsync(cancellationToken);
        await using var db = database.Open();
        if (!await db.Teams.AnyAsync(cancellationToken))
        {
            await RunAsync(cancellationToken);
        }
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await database.MigrateAsync(cancellationToken);
        await using var db = database.Open();
        var now = time.GetUtcNow();
        if (!await db.Teams.AnyAsync(team => team.Id == WellKnown.TeamId, cancellationToken))
        {
            db.Teams.Add(TeamDefaults.NewTeam(WellKnown.TeamId, WellKnown.TeamName, WellKnown.TeamSlug, now));
        }

        if (!await db.ApiKeys.AnyAsync(key => key.Hash == WellKnown.ApiKeyHash, cancellationToken))
        {
            db.ApiKeys.Add(ApiKeys.Row(WellKnown.TeamId, "Local development", WellKnown.ApiKey, now));
        }

        var hash = Key.Hash(WellKnown.AccessToken, Key.AccessTokenPrefix)!;
        if (!await db.AccessTokens.AnyAsync(token => token.Hash == hash, cancellationToken))
        {
            db.AccessTokens.Add(new AccessTokenRow { Id = Guid.NewGuid(), UserId = WellKnown.UserId, TeamId = WellKnown.TeamId, Name = "Local development", Hash = hash, CreatedAt = now });
        }

        await db.SaveChangesAsync(cancellationToken);
    }
}
