using System.Text.Json;
using System.Text.Json.Serialization;
using Alcove.Runtime.Linux;
using Alcove.Runtime.Storage;

namespace Alcove.Runtime.Crun;

/// <summary>
/// What a node knows of a sandbox, in a file: written before anything else of it is made and removed last, so that whatever is
/// found without a committed one is nobody's.
/// </summary>
/// <param name="Spec">What was asked for.</param>
/// <param name="Slot">Its number.</param>
/// <param name="Prefix">The crun and criu that it was started with.</param>
/// <param name="Envd">The daemon inside.</param>
/// <param name="Committed">Whether its create was confirmed.</param>
/// <param name="Process">Its first process, once there is one.</param>
/// <param name="StartedAt">When that started.</param>
/// <param name="Identity">What tells it from its forks; null in those of versions that had none.</param>
/// <param name="PendingCapture">The capture after which it shall stand still, from before that is begun.</param>
/// <param name="EndAt">When its time is up; null where nobody has said.</param>
internal sealed record Manifest(
    RunSpec Spec, int Slot, string Prefix, string Envd, bool Committed, ProcessIdentity? Process, DateTimeOffset? StartedAt, MachineIdentity? Identity = null, string? PendingCapture = null,
    DateTimeOffset? EndAt = null)
{
    private const string FileName = "manifest.json";

    /// <summary>It holds the sandbox's access token.</summary>
    private static readonly FileStreamOptions OwnerOnly = new()
    {
        Mode = FileMode.Create,
        Access = FileAccess.Write,
        Share = FileShare.None,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    };

    public static async Task WriteAsync(string directory, Manifest manifest)
    {
        var isNew = !Directory.Exists(directory);
        Directory.CreateDirectory(directory);
        var (path, unfinished) = ($"{directory}/{FileName}", $"{directory}/{FileName}.new");
        await using (var file = new FileStream(unfinished, OwnerOnly))
        {
            await JsonSerializer.SerializeAsync(file, manifest, ManifestJson.Default.Manifest);
            file.Flush(flushToDisk: true);
        }

        File.Move(unfinished, path, overwrite: true);
        Durable.Flush(directory);
        if (isNew)
        {
            Durable.Flush(Path.GetDirectoryName(directory)!);
        }
    }

    /// <returns>Null when there is none, or none that is whole.</returns>
    public static Manifest? Read(string directory)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText($"{directory}/{FileName}"), ManifestJson.Default.Manifest);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }
}

/// <summary>What programs inside take for the machine they are on.</summary>
/// <param name="BootId">Changes with every start that is not a resume.</param>
/// <param name="MachineId">Stays with the sandbox.</param>
internal sealed record MachineIdentity(string BootId, string MachineId)
{
    public static MachineIdentity New() => new(Guid.NewGuid().ToString(), Guid.NewGuid().ToString("n"));

    public MachineIdentity Rebooted() => this with { BootId = Guid.NewGuid().ToString() };
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Manifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;
