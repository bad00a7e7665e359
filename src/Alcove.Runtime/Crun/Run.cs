using System.Net;

namespace Alcove.Runtime.Crun;

/// <summary>A run that is there.</summary>
/// <param name="SandboxId">The sandbox.</param>
/// <param name="Incarnation">Which run of it.</param>
/// <param name="State">How far it is.</param>
/// <param name="Address">Where the host reaches it.</param>
/// <param name="StartedAt">When its first process started; null while it has none.</param>
/// <param name="PendingCapture">The capture for which it stands still; null otherwise.</param>
public sealed record Run(string SandboxId, ulong Incarnation, RunPhase State, IPAddress Address, DateTimeOffset? StartedAt, string? PendingCapture);

/// <summary>How far a run is.</summary>
public enum RunPhase
{
    Starting,
    Running,

    /// <summary>Captured, and stopped until the control plane has noted that: then it is ended.</summary>
    Frozen,
    Ending,
}

/// <summary>A run whose first process ended without anybody asking for it.</summary>
public sealed record EndedRun(string SandboxId, ulong Incarnation, string Reason);

/// <summary>A capture that is there.</summary>
/// <param name="Id">Its name.</param>
/// <param name="SandboxId">What it was taken from.</param>
/// <param name="Incarnation">Which run of that.</param>
/// <param name="HasMemory">Whether its processes are in it.</param>
/// <param name="IsSalvaged">Not asked for: what was left of a run that went down with the machine.</param>
/// <param name="MemoryBytes">What its memory takes on disk.</param>
/// <param name="DiskBytes">What its disk takes; blocks that it shares with others count here too.</param>
public sealed record CaptureInfo(string Id, string SandboxId, ulong Incarnation, bool HasMemory, bool IsSalvaged, long MemoryBytes, long DiskBytes);
