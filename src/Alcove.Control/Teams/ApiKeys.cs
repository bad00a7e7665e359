using Alcove.Control.Storage;
using Alcove.Protocol.Admin;
using Microsoft.EntityFrameworkCore;

namespace Alcove.Control.Teams;

/// <summary>Makes, shows and revokes API keys.</summary>
public sealed class ApiKeys(Database database, TimeProvider time)
{
    /// <returns>The new key, readable this once.</returns>
    public async Task<AdminApiKey> CreateAsync(Guid teamId, string name, CancellationToken cancellationToken)
    {
        var value = Key.New(Key.ApiPrefix);
        var row = Row(teamId, name, value, time.GetUtcNow());
        await using var db = database.Open();
        db.ApiKeys.Add(row);
        await db.SaveChangesAsync(cancellationToken);
        return Describe(row) with { Key = value };
    }

    public async Task<AdminApiKey[]> ListAsync(Guid teamId, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        var rows = await db.ApiKeys.AsNoTracking().Where(key => key.TeamId == teamId).OrderBy(key => key.CreatedAt).ToListAsync(cancellationToken);
        return [.. rows.Select(Describe)];
    }

    /// <summary>Revokes a key. With the well-known key goes the well-known token, which could make others.</summary>
    /// <returns>False when the team has no such key.</returns>
    public async Task<bool> DeleteAsync(Guid teamId, Guid id, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        if (await db.ApiKeys.AnyAsync(key => key.TeamId == teamId && key.Id == id && key.Hash == WellKnown.ApiKeyHash, cancellationToken))
        {
            await db.AccessTokens.Where(token => token.Hash == WellKnown.AccessTokenHash).ExecuteDeleteAsync(cancellationToken);
        }

        return await db.ApiKeys.Where(key => key.TeamId == teamId && key.Id == id).ExecuteDeleteAsync(cancellationToken) > 0;
    }

    internal static ApiKeyRow Row(Guid teamId, string name, string value, DateTimeOffset now)
    {
        var digits = value[Key.ApiPrefix.Length..];
        return new ApiKeyRow
        {
            Id = Guid.NewGuid(),
            TeamId = teamId,
            Name = name,
            Hash = Key.Hash(value, Key.ApiPrefix)!,
            MaskedPrefix = digits[..2],
            MaskedSuffix = digits[^4..],
            ValueLength = digits.Length,
            CreatedAt = now,
        };
    }

    private static AdminApiKey Describe(ApiKeyRow row) =>
        new(row.Id, row.Name, new KeyMask(Key.ApiPrefix, row.ValueLength, row.MaskedPrefix, row.MaskedSuffix), row.CreatedAt, row.LastUsed);
}
