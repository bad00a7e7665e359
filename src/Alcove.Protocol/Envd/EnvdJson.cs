using System.Text.Json;
using System.Text.Json.Serialization;

namespace Alcove.Protocol.Envd;

/// <summary>JSON shapes between a node and the daemon of a sandbox.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(InitRequest))]
[JsonSerializable(typeof(HostIdentity))]
public sealed partial class EnvdJson : JsonSerializerContext;
