using System.Text.Json;
using System.Text.Json.Serialization;

namespace Alcove.Runtime.Crun;

/// <summary>
/// Memory and disk of a sandbox at one instant, in a directory of the pool: <c>disk</c>, <c>memory/</c> and <c>capture.json</c>. It never
/// changes once it has its name; runs are restored from clones of it, any number of them.
/// </summary>
/// <param name="Id">Its name, given by whoever asked for it.</param>
/// <param name="SandboxId">What it was taken from.</param>
/// <param name="Incarnation">Which run of that.</param>
/// <param name="HasMemory">Whether its processes are in it; otherwise it can only be started anew from its disk.</param>
/// <param name="IsSalvaged">Not asked for: what was kept of a run that went down with the machine, or that no server looked after any more.</param>
/// <param name="Layers">What its disk lies over.</param>
/// <param name="CpuCount">Processors.</param>
/// <param name="MemoryMiB">Memory limit.</param>
/// <param name="DiskMiB">Size of its disk.</param>
/// <param name="Prefix">The crun and criu that took it, which restore it too.</param>
/// <param name="Envd">The daemon in it.</param>
/// <param name="Identity">Boot and machine id.</param>
/// <param name="TakenAt">When.</param>
/// <param name="MemoryBytes">What its memory takes on disk.</param>
/// <param name="DiskBytes">What its disk takes; blocks that it shares with others count here too.</param>
internal sealed record Capture(
    string Id,
    string SandboxId,
    ulong Incarnation,
    bool HasMemory,
    bool IsSalvaged,
    IReadOnlyList<string> Layers,
    int CpuCount,
    int MemoryMiB,
    int DiskMiB,
    string Prefix,
    string Envd,
    MachineIdentity Identity,
    DateTimeOffset TakenAt,
    long MemoryBytes,
    long DiskBytes)
{
    public const string MemoryName = "memory";
    public const string DiskName = "disk";
    private const string FileName = "capture.json";

    public static Capture Of(Manifest manifest, string id, bool hasMemory, bool isSalvaged, DateTimeOffset now) => new(
        id, manifest.Spec.SandboxId, manifest.Spec.Incarnation, hasMemory, isSalvaged, manifest.Spec.Layers, manifest.Spec.CpuCount, manifest.Spec.MemoryMiB, manifest.Spec.DiskMiB,
        manifest.Prefix, manifest.Envd, manifest.Identity ?? MachineIdentity.New(), now, MemoryBytes: 0, DiskBytes: 0);

    /// <summary>The name of one that nobody asked for.</summary>
    public static string SalvageId(Manifest manifest) => $"{manifest.Spec.SandboxId}-{manifest.Spec.Incarnation}";

    public static Task WriteAsync(string directory, Capture capture) =>
        File.WriteAllTextAsync($"{directory}/{FileName}", JsonSerializer.Serialize(capture, CaptureJson.Default.Capture));

    /// <returns>Null when there is none.</returns>
    public static Capture? Read(string directory)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText($"{directory}/{FileName}"), CaptureJson.Default.Capture);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Capture))]
internal sealed partial class CaptureJson : JsonSerializerContext;
