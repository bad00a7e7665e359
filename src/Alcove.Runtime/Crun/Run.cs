using System.Net;

namespace Alcove.Runtime.Crun;

/// <summary>A run that is there.</summary>
/// <param name="SandboxId">The sandbox.</param>
/// <param name="Incarnation">Which run of it.</param>
/// <param name="State">How far it is.</param>
/// <param name="Address">Where the host reaches it.</param>
/// <param name="StartedAt">When its first process started; null while it has none.</param>
public sealed record Run(string SandboxId, ulong Incarnation, RunPhase State, IPAddress Address, DateTimeOffset? StartedAt);

/// <summary>How far a run is.</summary>
public enum RunPhase
{
    Starting,
    Running,
    Ending,
}

/// <summary>A run whose first process ended without anybody asking for it.</summary>
public sealed record EndedRun(string SandboxId, ulong Incarnation, string Reason);
