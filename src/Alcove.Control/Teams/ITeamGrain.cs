namespace Alcove.Control.Teams;

/// <summary>A team's places for running sandboxes: taken before a sandbox is started, so that two creates at the limit cannot both pass.</summary>
public interface ITeamGrain : IGrainWithGuidKey
{
    /// <returns>False when all places are taken.</returns>
    Task<bool> TryReserveAsync(string sandboxId, int limit);

    Task ReleaseAsync(string sandboxId);

    Task<int> CountAsync();
}
