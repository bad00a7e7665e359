using Alcove.Control.Storage;

namespace Alcove.Control.Sandboxes;

/// <summary>What a client sees a sandbox as.</summary>
public enum ShownAs
{
    /// <summary>Not at all.</summary>
    Nothing,
    Running,
    Paused,
}

/// <summary>Transitions are never shown: each looks like the state that it leads to or goes back to.</summary>
public static class SandboxVisibility
{
    /// <summary>
    /// A sandbox that dies at its end is gone then, also while nobody has acted on it yet. One that is paused runs until that has begun: whoever
    /// sees it as paused reaches none of its processes before it is awake again.
    /// </summary>
    public static ShownAs Of(SandboxRow row, DateTimeOffset now) => row.Status switch
    {
        SandboxStatus.Running or SandboxStatus.Snapshotting => row.AutoPause || row.EndAt > now ? ShownAs.Running : ShownAs.Nothing,
        SandboxStatus.Pausing or SandboxStatus.Paused or SandboxStatus.Resuming => ShownAs.Paused,
        SandboxStatus.Starting or SandboxStatus.Killing or SandboxStatus.Killed => ShownAs.Nothing,
    };
}
