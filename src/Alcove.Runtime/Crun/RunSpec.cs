namespace Alcove.Runtime.Crun;

/// <summary>What a run shall be.</summary>
/// <param name="SandboxId">The sandbox.</param>
/// <param name="Incarnation">Which run of it.</param>
/// <param name="TemplateId">The template, for what stands in it about itself.</param>
/// <param name="Layers">Digests of the read-only layers, the topmost first.</param>
/// <param name="CpuCount">Processors that it may use at most.</param>
/// <param name="MemoryMiB">Memory that it may use at most.</param>
/// <param name="DiskMiB">Size of its disk.</param>
/// <param name="AccessToken">The daemon's token; empty for none.</param>
/// <param name="AllowInternet">Whether anything may leave it.</param>
public sealed record RunSpec(
    string SandboxId,
    ulong Incarnation,
    string TemplateId,
    IReadOnlyList<string> Layers,
    int CpuCount,
    int MemoryMiB,
    int DiskMiB,
    string AccessToken,
    bool AllowInternet);
