namespace Alcove.Control.Sandboxes;

/// <summary>One sandbox: the only writer of its state.</summary>
public interface ISandboxGrain : IGrainWithStringKey
{
    /// <summary>Makes it. What fails leaves nothing behind.</summary>
    Task<CreateOutcome> CreateAsync(SandboxPlan plan);

    /// <summary>Removes it. Callers at the same time share one removal.</summary>
    /// <returns>False when the team has no such sandbox.</returns>
    Task<bool> KillAsync(Guid teamId);

    /// <summary>Changes when it ends, within the team's longest life.</summary>
    Task<TimeOutcome> ChangeTimeAsync(Guid teamId, TimeSpan span, TimeChange change, TimeSpan longestLife);

    /// <summary>Its time is up, if it still is, for that run of it.</summary>
    Task ExpireAsync(long incarnation);

    /// <summary>That run of it is no longer on its node.</summary>
    Task LostAsync(long incarnation, string reason);

    /// <summary>Goes on with what a crash interrupted.</summary>
    Task RecoverAsync();
}
