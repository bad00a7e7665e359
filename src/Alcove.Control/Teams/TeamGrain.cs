using Alcove.Control.Sandboxes;
using Alcove.Control.Storage;
using Microsoft.EntityFrameworkCore;

namespace Alcove.Control.Teams;

/// <summary>Counts from the rows when it wakes, and by itself from then on.</summary>
internal sealed class TeamGrain(Database database) : Grain, ITeamGrain
{
    private readonly HashSet<string> _places = [];

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var team = this.GetPrimaryKey();
        await using var db = database.Open();
        _places.UnionWith(await db.Sandboxes.Where(row => row.TeamId == team && row.Status != SandboxStatus.Paused && row.Status != SandboxStatus.Killed).Select(row => row.Id).ToListAsync(cancellationToken));
    }

    public Task<bool> TryReserveAsync(string sandboxId, int limit)
    {
        if (_places.Count >= limit && !_places.Contains(sandboxId))
        {
            return Task.FromResult(false);
        }

        _places.Add(sandboxId);
        return Task.FromResult(true);
    }

    public Task ReleaseAsync(string sandboxId)
    {
        _places.Remove(sandboxId);
        return Task.CompletedTask;
    }

    public Task<int> CountAsync() => Task.FromResult(_places.Count);
}
