using Alcove.Control.Nodes;
using Alcove.Control.Sandboxes;

namespace Alcove.Control.Storage;

/// <summary>A team: who owns sandboxes, keys and templates, and what it may use.</summary>
public sealed class TeamRow
{
    public Guid Id { get; set; }

    public required string Name { get; set; }

    /// <value>Its namespace in template references: lower case, unique.</value>
    public required string Slug { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public int ConcurrentSandboxes { get; set; }

    public int MaxSandboxHours { get; set; }

    public int ConcurrentBuilds { get; set; }

    public int MaxCpuCount { get; set; }

    public int MaxMemoryMiB { get; set; }

    public int MaxDiskMiB { get; set; }

    public bool IsBanned { get; set; }

    public bool IsBlocked { get; set; }

    public string? BlockedReason { get; set; }
}

/// <summary>An API key, of which only a hash and a mask are kept.</summary>
public sealed class ApiKeyRow
{
    public Guid Id { get; set; }

    public Guid TeamId { get; set; }

    public required string Name { get; set; }

    public required string Hash { get; set; }

    public required string MaskedPrefix { get; set; }

    public required string MaskedSuffix { get; set; }

    public int ValueLength { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset? LastUsed { get; set; }
}

/// <summary>An access token: a user's, with the teams that the user is a member of.</summary>
public sealed class AccessTokenRow
{
    public Guid Id { get; set; }

    public Guid UserId { get; set; }

    /// <value>The user's only team for now, and so the default one.</value>
    public Guid TeamId { get; set; }

    public required string Name { get; set; }

    public required string Hash { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
}

/// <summary>A template, with its newest ready build.</summary>
public sealed class TemplateRow
{
    public required string Id { get; set; }

    /// <value>Null: everybody's.</value>
    public Guid? TeamId { get; set; }

    /// <value>Its name, within its team or for everybody.</value>
    public required string Alias { get; set; }

    public bool IsPublic { get; set; }

    public Guid BuildId { get; set; }

    public required string Digest { get; set; }

    public int CpuCount { get; set; }

    public int MemoryMiB { get; set; }

    public int DiskMiB { get; set; }

    public required string EnvdVersion { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset UpdatedAt { get; set; }
}

/// <summary>A node of which an operator has said something.</summary>
public sealed class NodeRow
{
    public required string Id { get; set; }

    public NodeStanding Standing { get; set; }

    public DateTimeOffset ChangedAt { get; set; }
}

/// <summary>A sandbox: what its grain knows of it.</summary>
public sealed class SandboxRow
{
    public required string Id { get; set; }

    public Guid TeamId { get; set; }

    public required string TemplateId { get; set; }

    public string? Alias { get; set; }

    public SandboxStatus Status { get; set; }

    public long Incarnation { get; set; }

    public required string NodeId { get; set; }

    /// <value>The slot's address on that node; null while it has none.</value>
    public string? Address { get; set; }

    public DateTimeOffset StartedAt { get; set; }

    public DateTimeOffset EndAt { get; set; }

    public int CpuCount { get; set; }

    public int MemoryMiB { get; set; }

    public int DiskMiB { get; set; }

    public required string EnvdVersion { get; set; }

    public bool IsSecured { get; set; }

    /// <value>Null when the creator did not say.</value>
    public bool? AllowInternetAccess { get; set; }

    public bool AllowPublicTraffic { get; set; } = true;

    public string? MaskRequestHost { get; set; }

    /// <value>Whether the creator gave any network settings: they are shown as given.</value>
    public bool HasNetwork { get; set; }

    public Dictionary<string, string> Metadata { get; set; } = [];

    /// <value>For every process; sent to the daemon at every start that is not a resume with memory.</value>
    public Dictionary<string, string> EnvVars { get; set; } = [];

    /// <value>Seconds that its creator gave it: what traffic wakes it for.</value>
    public int TimeoutSeconds { get; set; }

    /// <value>At its end it is paused rather than killed.</value>
    public bool AutoPause { get; set; }

    /// <value>Whether that pause keeps its memory.</value>
    public bool AutoPauseMemory { get; set; } = true;

    /// <value>Traffic wakes it.</value>
    public bool AutoResume { get; set; }

    /// <value>The capture that it is paused in, is being paused into or taken up from, or that is being taken of it.</value>
    public string? CaptureId { get; set; }

    /// <value>Whether that capture has its memory.</value>
    public bool HasMemory { get; set; }

    /// <value>What that capture takes on disk, bytes; blocks shared with others count too.</value>
    public long CaptureBytes { get; set; }

    public SandboxRow Copy() => (SandboxRow)MemberwiseClone();
}

/// <summary>A snapshot: a template that was made of a sandbox, under a name or none, with a build for every time it was taken.</summary>
public sealed class SnapshotRow
{
    public required string Id { get; set; }

    public Guid TeamId { get; set; }

    /// <value>Null: it has only its id.</value>
    public string? Alias { get; set; }

    /// <value>What it was first taken from.</value>
    public required string SandboxId { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
}

/// <summary>One state of a snapshot; a tag leads to the one that was made last under it.</summary>
public sealed class SnapshotBuildRow
{
    public Guid Id { get; set; }

    public required string SnapshotId { get; set; }

    public required string Tag { get; set; }

    public required string NodeId { get; set; }

    public required string CaptureId { get; set; }

    /// <value>Bytes on disk; blocks shared with others count too.</value>
    public long Bytes { get; set; }

    public int CpuCount { get; set; }

    public int MemoryMiB { get; set; }

    public int DiskMiB { get; set; }

    public required string EnvdVersion { get; set; }

    public DateTimeOffset CreatedAt { get; set; }
}

/// <summary>Something that happened to a sandbox.</summary>
public sealed class SandboxEventRow
{
    public long Id { get; set; }

    public required string SandboxId { get; set; }

    public Guid TeamId { get; set; }

    public DateTimeOffset At { get; set; }

    /// <value>One word, such as <c>paused</c>.</value>
    public required string Kind { get; set; }

    /// <value>For a person.</value>
    public required string Message { get; set; }
}
