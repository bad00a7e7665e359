using System.Text.Json.Serialization;

namespace Alcove.Protocol.Admin;

/// <summary>A node: <c>GET /nodes</c> (an array) and <c>GET /nodes/{id}</c>, which leaves out <paramref name="SandboxStartingCount"/>.</summary>
/// <param name="Id">Its name.</param>
/// <param name="ServiceInstanceID">Made anew by every start of the node's process.</param>
/// <param name="ClusterID">There is one cluster; its id is all zeros.</param>
/// <param name="Version">Of the node's program.</param>
/// <param name="Commit">What that was built from.</param>
/// <param name="Status">ready, draining, connecting, unhealthy or standby.</param>
/// <param name="StatusChangedAt">Since when.</param>
/// <param name="SandboxCount">Sandboxes that run there.</param>
/// <param name="SandboxStartingCount">Those that are being started or taken up.</param>
/// <param name="CreateSuccesses">Since the server started.</param>
/// <param name="CreateFails">Since the server started.</param>
/// <param name="MachineInfo">What it is made of.</param>
/// <param name="Metrics">What is used of it.</param>
public sealed record AdminNode(
    string Id,
    string ServiceInstanceID,
    Guid ClusterID,
    string Version,
    string Commit,
    string Status,
    DateTimeOffset StatusChangedAt,
    int SandboxCount,
    int? SandboxStartingCount,
    long CreateSuccesses,
    long CreateFails,
    NodeMachine MachineInfo,
    NodeMetrics Metrics);

/// <summary>Which processors a node has.</summary>
public sealed record NodeMachine(string CpuFamily, string CpuModel, string CpuModelName, string CpuArchitecture);

/// <summary>What a node has, what of it is promised to sandboxes, and what is in use. Huge pages are used by virtual machines alone: there are none.</summary>
public sealed record NodeMetrics(
    [property: JsonPropertyName("allocatedCPU")] long AllocatedCpu,
    long CpuPercent,
    long CpuCount,
    long AllocatedMemoryBytes,
    long MemoryUsedBytes,
    long MemoryTotalBytes,
    long HugePagesTotal,
    long HugePagesUsed,
    long HugePagesReserved,
    long HugePageSizeBytes,
    IReadOnlyList<NodeDisk> Disks);

/// <summary>A disk of a node that sandboxes lie on.</summary>
public sealed record NodeDisk(string MountPoint, string Device, string FilesystemType, long UsedBytes, long TotalBytes);

/// <summary>Body of <c>POST /nodes/{id}</c>.</summary>
public sealed record NodeStatusChange(string? Status = null, string? ClusterID = null);
