namespace Alcove.Control.Sandboxes;

/// <summary>What a new sandbox shall be, all of it decided and checked.</summary>
[GenerateSerializer]
public sealed record SandboxPlan(
    [property: Id(0)] Guid TeamId,
    [property: Id(1)] string TemplateId,
    [property: Id(2)] string? Alias,
    [property: Id(3)] string Digest,
    [property: Id(4)] int CpuCount,
    [property: Id(5)] int MemoryMiB,
    [property: Id(6)] int DiskMiB,
    [property: Id(7)] string EnvdVersion,
    [property: Id(8)] TimeSpan Timeout,
    [property: Id(9)] bool IsSecured,
    [property: Id(10)] bool? AllowInternetAccess,
    [property: Id(11)] bool AllowPublicTraffic,
    [property: Id(12)] string? MaskRequestHost,
    [property: Id(13)] bool HasNetwork,
    [property: Id(14)] Dictionary<string, string> Metadata,
    [property: Id(15)] Dictionary<string, string> EnvVars,
    [property: Id(16)] bool AutoPause = false,
    [property: Id(17)] bool AutoPauseMemory = true,
    [property: Id(18)] bool AutoResume = false,
    [property: Id(19)] string? CaptureId = null,
    [property: Id(20)] string? NodeId = null,
    [property: Id(21)] bool WithMemory = true);

/// <summary>How a create ended.</summary>
public enum CreateResult
{
    Created,

    /// <summary>Every node is full.</summary>
    NoCapacity,

    /// <summary>No node is there, or none has the template.</summary>
    NoNode,

    /// <summary>No node answered in time.</summary>
    TimedOut,

    /// <summary>The node could not start it.</summary>
    Failed,
}

/// <summary>How a create ended, and why.</summary>
[GenerateSerializer]
public sealed record CreateOutcome([property: Id(0)] CreateResult Result, [property: Id(1)] string? Reason);

/// <summary>How a change of a sandbox's time ended.</summary>
public enum TimeOutcome
{
    Changed,
    NotFound,

    /// <summary>It has lived as long as it may.</summary>
    UsedUp,

    /// <summary>It is being killed.</summary>
    Killing,

    /// <summary>It is being paused.</summary>
    Pausing,
}

/// <summary>How a change of a sandbox's time is meant.</summary>
public enum TimeChange
{
    /// <summary>The end is now plus the span, sooner or later than before.</summary>
    Set,

    /// <summary>The end is now plus the span where that is later, else as it was.</summary>
    Extend,
}
