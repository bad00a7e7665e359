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
    /// <summary>A sandbox whose end has come is not running any more, also while nobody has acted on it yet.</summary>
    public static ShownAs Of(SandboxRow row, DateTimeOffset now) => row.Status switch
    {
        SandboxStatus.Running or SandboxStatus.Snapshotting when row.EndAt > now => ShownAs.Running,
        SandboxStatus.Running or SandboxStatus.Snapshotting => row.AutoPause ? ShownAs.Paused : ShownAs.Nothing,
        SandboxStatus.Pausing or SandboxStatus.Paused or SandboxStatus.Resuming => ShownAs.Paused,
        SandboxStatus.Starting or SandboxStatus.Killing or SandboxStatus.Killed => ShownAs.Nothing,
    };
}
