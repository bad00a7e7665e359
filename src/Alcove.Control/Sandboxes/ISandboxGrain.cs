namespace Alcove.Control.Sandboxes;

/// <summary>One sandbox: the only writer of its state.</summary>
public interface ISandboxGrain : IGrainWithStringKey
{
    /// <summary>Makes it. What fails leaves nothing behind.</summary>
    Task<CreateOutcome> CreateAsync(SandboxPlan plan);

    /// <summary>Removes it, running or paused. Callers at the same time share one removal.</summary>
    /// <returns>False when the team has no such sandbox.</returns>
    Task<bool> KillAsync(Guid teamId);

    /// <summary>Changes when it ends, within the team's longest life.</summary>
    Task<TimeOutcome> ChangeTimeAsync(Guid teamId, TimeSpan span, TimeChange change, TimeSpan longestLife);

    /// <summary>Puts it away. Callers at the same time share one pause.</summary>
    Task<ActOutcome> PauseAsync(Guid teamId, bool withMemory);

    /// <summary>Sees to it that it runs. Callers at the same time share one start.</summary>
    Task<ActOutcome> WakeAsync(WakeRequest request);

    /// <summary>Takes a capture of it under that name; it runs on.</summary>
    /// <returns>What the capture takes on disk, bytes, with the outcome.</returns>
    Task<(ActOutcome Outcome, long Bytes)> CaptureAsync(Guid teamId, string captureId);

    /// <summary>Its time is up, if it still is, for that run of it.</summary>
    Task ExpireAsync(long incarnation);

    /// <summary>It has been paused for longer than sandboxes are kept, if it still is.</summary>
    Task RetireAsync(DateTimeOffset pausedBefore);

    /// <summary>That run of it is no longer on its node.</summary>
    Task LostAsync(long incarnation, string reason);

    /// <summary>Compares with what its node has, and goes on with what a crash interrupted.</summary>
    Task ReconcileAsync();

    /// <summary>Tries a removal again that its node refused.</summary>
    Task RetryRemovalAsync();
}
