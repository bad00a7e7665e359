using System.Text.Json;
using System.Text.Json.Serialization;

namespace Alcove.Runtime.Images;

/// <summary>A template that sandboxes can be started from: <c>templates/*.json</c>, written last by whoever builds it.</summary>
/// <param name="TemplateId">Its id.</param>
/// <param name="Digest">Its root layer.</param>
/// <param name="CpuCount">Processors.</param>
/// <param name="MemoryMiB">Memory.</param>
/// <param name="DiskMiB">Disk.</param>
public sealed record Template(string TemplateId, string Digest, int CpuCount, int MemoryMiB, int DiskMiB);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Template))]
internal sealed partial class TemplateJson : JsonSerializerContext;

/// <summary>The templates on this machine, as they are at the time of asking.</summary>
public sealed class TemplateStore(HomePaths paths)
{
    public IReadOnlyList<Template> All() => Directory.Exists(paths.Templates) ? [.. Directory.EnumerateFiles(paths.Templates, "*.json").Select(Read).OfType<Template>()] : [];

    private Template? Read(string file)
    {
        try
        {
            var template = JsonSerializer.Deserialize(File.ReadAllText(file), TemplateJson.Default.Template);
            return template is not null && Directory.Exists($"{paths.Layers}/{template.Digest}") ? template : null;
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }
}
