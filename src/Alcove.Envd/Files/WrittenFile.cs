using System.Text.Json;

namespace Alcove.Envd.Files;

/// <summary>A file that an upload has written.</summary>
internal sealed record WrittenFile(string Path)
{
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("path", Path);
        json.WriteString("name", Path[(Path.LastIndexOf('/') + 1)..]);
        json.WriteString("type", "file");
        var metadata = FileMetadata.Read(Path);
        if (metadata.Count > 0)
        {
            json.WriteStartObject("metadata");
            foreach (var (key, value) in metadata)
            {
                json.WriteString(key, value);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
