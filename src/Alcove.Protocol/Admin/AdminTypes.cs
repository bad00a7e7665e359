using System.Text.Json;
using System.Text.Json.Serialization;

namespace Alcove.Protocol.Admin;

/// <summary>What a team may use. All of them are settings per team.</summary>
/// <param name="ConcurrentSandboxes">Running sandboxes at a time, those still starting included.</param>
/// <param name="MaxSandboxHours">Longest life of one run, in hours.</param>
/// <param name="ConcurrentBuilds">Template builds at a time.</param>
/// <param name="MaxCpuCount">Virtual CPUs a template may ask for.</param>
/// <param name="MaxMemoryMiB">Memory a template may ask for.</param>
/// <param name="MaxDiskMiB">Disk a template may ask for.</param>
public sealed record TeamLimits(int ConcurrentSandboxes, int MaxSandboxHours, int ConcurrentBuilds, int MaxCpuCount, int MaxMemoryMiB, int MaxDiskMiB);

/// <summary>The limits to change; what is absent stays.</summary>
public sealed record TeamLimitsChange(int? ConcurrentSandboxes = null, int? MaxSandboxHours = null, int? ConcurrentBuilds = null, int? MaxCpuCount = null, int? MaxMemoryMiB = null, int? MaxDiskMiB = null);

/// <summary>Body of <c>POST /admin/teams</c>.</summary>
public sealed record NewTeam(string Name, string? Slug = null);

/// <summary>How a team stands. One that is blocked reads and cleans up only; one that is banned does nothing at all.</summary>
public sealed record TeamStanding(bool Blocked, string? BlockedReason, bool Banned);

/// <summary>Body of <c>PATCH /admin/teams/{id}/standing</c>: what to change; what is absent stays.</summary>
public sealed record TeamStandingChange(bool? Blocked = null, string? BlockedReason = null, bool? Banned = null);

/// <summary>A team: <c>GET /admin/teams</c> (an array), <c>POST /admin/teams</c> (201), <c>PATCH /admin/teams/{id}/limits</c> and <c>…/standing</c>.</summary>
public sealed record AdminTeam(Guid TeamID, string Name, string Slug, TeamLimits Limits, int RunningSandboxes, DateTimeOffset CreatedAt, TeamStanding Standing);

/// <summary>Body of <c>POST /admin/teams/{id}/api-keys</c>.</summary>
public sealed record NewApiKey(string Name);

/// <summary>How a key is shown once it can no longer be read.</summary>
public sealed record KeyMask(string Prefix, int ValueLength, string MaskedValuePrefix, string MaskedValueSuffix);

/// <summary>A key: <c>GET /admin/teams/{id}/api-keys</c> (an array, without <paramref name="Key"/>) and <c>POST</c> (201, with it, once).</summary>
public sealed record AdminApiKey(Guid Id, string Name, KeyMask Mask, DateTimeOffset CreatedAt, DateTimeOffset? LastUsed, string? Key = null);

/// <summary>
/// A sandbox of any team: <c>GET /admin/sandboxes</c> (an array). A paused one has <c>KeptBytes</c>: what its memory and disk take, blocks shared with others included.
/// </summary>
public sealed record AdminSandbox(
    string SandboxID, Guid TeamID, string TeamName, string TemplateID, string State, string? NodeID, int CpuCount, int MemoryMB, int DiskSizeMB, DateTimeOffset StartedAt, DateTimeOffset EndAt,
    long? KeptBytes = null);

/// <summary>One build of a snapshot of any team: <c>GET /admin/snapshots</c> (an array, newest first).</summary>
/// <param name="SnapshotID">What it is started by.</param>
/// <param name="TeamID">Whose.</param>
/// <param name="TeamName">Whose, for people.</param>
/// <param name="SandboxID">What it was first taken from.</param>
/// <param name="NodeID">The node that keeps it.</param>
/// <param name="Bytes">What it takes on disk; blocks that it shares with others count here too.</param>
/// <param name="CreatedAt">When it was taken.</param>
public sealed record AdminSnapshot(string SnapshotID, Guid TeamID, string TeamName, string SandboxID, string NodeID, long Bytes, DateTimeOffset CreatedAt);

/// <summary>Something that happened to a sandbox: <c>GET /admin/events?sandboxID=&amp;limit=</c> (an array, oldest first, the newest of them).</summary>
/// <param name="SandboxID">Which.</param>
/// <param name="TeamID">Whose.</param>
/// <param name="Time">When.</param>
/// <param name="Kind">One word, such as <c>paused</c>.</param>
/// <param name="Message">For people.</param>
public sealed record AdminEvent(string SandboxID, Guid TeamID, DateTimeOffset Time, string Kind, string Message);

/// <summary>JSON shapes of the admin routes, which take <c>X-Admin-Token</c> (the text of <c>ALCOVE_HOME/secrets/admin-token</c>).</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Converters = [typeof(UtcConverter)])]
[JsonSerializable(typeof(AdminTeam[]))]
[JsonSerializable(typeof(AdminApiKey[]))]
[JsonSerializable(typeof(AdminSandbox[]))]
[JsonSerializable(typeof(AdminSnapshot[]))]
[JsonSerializable(typeof(AdminEvent[]))]
[JsonSerializable(typeof(NewTeam))]
[JsonSerializable(typeof(NewApiKey))]
[JsonSerializable(typeof(TeamLimitsChange))]
[JsonSerializable(typeof(TeamStandingChange))]
[JsonSerializable(typeof(AdminNode[]))]
[JsonSerializable(typeof(NodeStatusChange))]
public sealed partial class AdminJson : JsonSerializerContext;
