using System.Text.Json.Serialization;
using Alcove.Protocol.Sandboxes;
using Alcove.Protocol.Templates;

namespace Alcove.Protocol;

/// <summary>The error body of the REST API.</summary>
/// <param name="Code">The HTTP status: clients look at this one.</param>
/// <param name="Message">For a person.</param>
/// <param name="ErrorCode">For a program; absent where the status says it all.</param>
public sealed record ApiError(int Code, string Message, [property: JsonPropertyName("error_code")] string? ErrorCode = null);

/// <summary>A team, as its user sees it: with a key that works.</summary>
public sealed record UserTeam(string TeamID, string Name, string ApiKey, bool IsDefault);

/// <summary>JSON shapes of the REST API. Property names are as in the published descriptions, which are not all of one style.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Converters = [typeof(UtcConverter)])]
[JsonSerializable(typeof(ApiError))]
[JsonSerializable(typeof(NewSandbox))]
[JsonSerializable(typeof(ConnectSandbox))]
[JsonSerializable(typeof(SandboxTimeout))]
[JsonSerializable(typeof(SandboxRefresh))]
[JsonSerializable(typeof(Sandbox))]
[JsonSerializable(typeof(SandboxDetail))]
[JsonSerializable(typeof(IEnumerable<ListedSandbox>))]
[JsonSerializable(typeof(PauseSandbox))]
[JsonSerializable(typeof(ResumeSandbox))]
[JsonSerializable(typeof(NewSnapshot))]
[JsonSerializable(typeof(ForkSandbox))]
[JsonSerializable(typeof(SnapshotInfo))]
[JsonSerializable(typeof(IEnumerable<SnapshotInfo>))]
[JsonSerializable(typeof(IEnumerable<ForkedSandbox>))]
[JsonSerializable(typeof(IEnumerable<Template>))]
[JsonSerializable(typeof(TemplateWithBuilds))]
[JsonSerializable(typeof(TemplateAlias))]
[JsonSerializable(typeof(UserTeam[]))]
public sealed partial class RestJson : JsonSerializerContext;
