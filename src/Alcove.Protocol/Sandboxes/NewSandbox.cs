using System.Text.Json;
using System.Text.Json.Serialization;

namespace Alcove.Protocol.Sandboxes;

/// <summary>Body of <c>POST /sandboxes</c> and <c>POST /v2/sandboxes</c>; the latter knows no <paramref name="Secure"/>. Null stands for absent everywhere.</summary>
/// <param name="TemplateID">A template reference; required.</param>
/// <param name="Timeout">Seconds.</param>
/// <param name="Secure">Whether the daemon wants a token.</param>
/// <param name="AutoPause">Pause instead of kill at the end.</param>
/// <param name="AutoPauseMemory">Whether that pause keeps the memory.</param>
/// <param name="AutoResume">Wake by traffic.</param>
/// <param name="AllowInternetAccess">Whether anything may leave it.</param>
/// <param name="Network">Ingress and egress.</param>
/// <param name="Metadata">Words to find it by.</param>
/// <param name="EnvVars">Environment of every process in it.</param>
/// <param name="Mcp">Kept by clients for themselves.</param>
/// <param name="Iam">Workload identities.</param>
/// <param name="VolumeMounts">Volumes.</param>
public sealed record NewSandbox(
    string? TemplateID = null,
    int? Timeout = null,
    bool? Secure = null,
    bool? AutoPause = null,
    bool? AutoPauseMemory = null,
    AutoResume? AutoResume = null,
    [property: JsonPropertyName("allow_internet_access")] bool? AllowInternetAccess = null,
    NetworkConfig? Network = null,
    Dictionary<string, string>? Metadata = null,
    Dictionary<string, string>? EnvVars = null,
    JsonElement? Mcp = null,
    JsonElement? Iam = null,
    List<VolumeMount>? VolumeMounts = null);

/// <summary>Whether traffic wakes a paused sandbox.</summary>
public sealed record AutoResume(bool? Enabled = null);

/// <summary>A volume at a path.</summary>
public sealed record VolumeMount(string? Name = null, string? Path = null);

/// <summary>Who may reach a sandbox, and whom it may reach.</summary>
public sealed record NetworkConfig(
    bool? AllowPublicTraffic = null,
    List<string>? AllowOut = null,
    List<string>? DenyOut = null,
    JsonElement? EgressProxy = null,
    string? MaskRequestHost = null,
    JsonElement? Rules = null,
    List<int>? HttpsPorts = null);

/// <summary>Body of connect.</summary>
public sealed record ConnectSandbox(int? Timeout = null, bool? Memory = null);

/// <summary>Body of timeout.</summary>
public sealed record SandboxTimeout(int? Timeout = null);

/// <summary>Body of refreshes.</summary>
public sealed record SandboxRefresh(int? Duration = null);

/// <summary>Body of pause.</summary>
public sealed record PauseSandbox(bool? Memory = null);

/// <summary>Body of resume.</summary>
public sealed record ResumeSandbox(int? Timeout = null, bool? AutoPause = null, bool? Memory = null);

/// <summary>Body of snapshots.</summary>
public sealed record NewSnapshot(string? Name = null);

/// <summary>Body of fork.</summary>
public sealed record ForkSandbox(int? Timeout = null, int? Count = null);
