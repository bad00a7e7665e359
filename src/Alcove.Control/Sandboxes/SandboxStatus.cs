namespace Alcove.Control.Sandboxes;

/// <summary>Where a sandbox is in its life. Only running and paused are ever shown; the others are transitions, persisted before the act.</summary>
public enum SandboxStatus
{
    /// <summary>Being made: nobody knows its id yet.</summary>
    Starting = 0,

    /// <summary>Its processes run on a node.</summary>
    Running = 1,

    /// <summary>Its memory and disk are being put away; shown as paused.</summary>
    Pausing = 2,

    /// <summary>Nothing of it runs.</summary>
    Paused = 3,

    /// <summary>Being taken up again.</summary>
    Resuming = 4,

    /// <summary>A copy of it is being taken; shown as running.</summary>
    Snapshotting = 5,

    /// <summary>Being removed; shown to nobody.</summary>
    Killing = 6,

    /// <summary>Gone.</summary>
    Killed = 7,
}

/// <summary>What may follow what.</summary>
internal static class SandboxTransitions
{
    /// <summary>Whether <paramref name="to"/> may follow <paramref name="from"/>.</summary>
    public static bool MayMove(SandboxStatus from, SandboxStatus to) => from switch
    {
        SandboxStatus.Starting => to is SandboxStatus.Running or SandboxStatus.Killing,
        SandboxStatus.Running => to is SandboxStatus.Pausing or SandboxStatus.Snapshotting or SandboxStatus.Paused or SandboxStatus.Killing,
        SandboxStatus.Snapshotting => to is SandboxStatus.Running or SandboxStatus.Pausing or SandboxStatus.Paused or SandboxStatus.Killing,
        SandboxStatus.Pausing => to is SandboxStatus.Paused or SandboxStatus.Running or SandboxStatus.Killing,
        SandboxStatus.Paused => to is SandboxStatus.Resuming or SandboxStatus.Killing,
        SandboxStatus.Resuming => to is SandboxStatus.Running or SandboxStatus.Paused or SandboxStatus.Killing,
        SandboxStatus.Killing => to is SandboxStatus.Killed,
        SandboxStatus.Killed => false,
    };
}
