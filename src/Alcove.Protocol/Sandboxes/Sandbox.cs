namespace Alcove.Protocol.Sandboxes;

/// <summary>Answer to create and connect.</summary>
public sealed record Sandbox(
    string TemplateID, string SandboxID, string ClientID, string EnvdVersion, string? Alias, string? EnvdAccessToken, string? TrafficAccessToken, string? Domain);

/// <summary>A sandbox in a list.</summary>
public record ListedSandbox(
    string TemplateID,
    string? Alias,
    string SandboxID,
    string ClientID,
    DateTimeOffset StartedAt,
    DateTimeOffset EndAt,
    int CpuCount,
    int MemoryMB,
    int DiskSizeMB,
    IReadOnlyDictionary<string, string> Metadata,
    string State,
    string EnvdVersion,
    IReadOnlyList<VolumeMount> VolumeMounts)
{
    /// <value>What older clients expect and nobody uses.</value>
    public const string ConstantClientID = "6532622b";
}

/// <summary>One sandbox in full.</summary>
public sealed record SandboxDetail(
    string TemplateID,
    string? Alias,
    string SandboxID,
    string ClientID,
    DateTimeOffset StartedAt,
    DateTimeOffset EndAt,
    int CpuCount,
    int MemoryMB,
    int DiskSizeMB,
    IReadOnlyDictionary<string, string> Metadata,
    string State,
    string EnvdVersion,
    IReadOnlyList<VolumeMount> VolumeMounts,
    string? EnvdAccessToken,
    bool? AllowInternetAccess,
    string? Domain,
    NetworkConfig? Network,
    SandboxLifecycle Lifecycle)
    : ListedSandbox(TemplateID, Alias, SandboxID, ClientID, StartedAt, EndAt, CpuCount, MemoryMB, DiskSizeMB, Metadata, State, EnvdVersion, VolumeMounts);

/// <summary>What happens at its end, and whether traffic wakes it.</summary>
public sealed record SandboxLifecycle(bool AutoResume, string OnTimeout);

/// <summary>A snapshot: the reference that starts it again, and its names.</summary>
public sealed record SnapshotInfo(string SnapshotID, IReadOnlyList<string> Names);

/// <summary>A child of a fork: one of the two is there.</summary>
public sealed record ForkedSandbox(Sandbox? Sandbox = null, ForkError? Error = null);

/// <summary>Why a child of a fork is not there.</summary>
public sealed record ForkError(int Code, string Message);
