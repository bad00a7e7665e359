using System.Text.Json.Serialization;

namespace Alcove.Protocol.Templates;

/// <summary>A template in a list. Strict clients want its nulls to be there.</summary>
public sealed record Template(
    string TemplateID,
    string BuildID,
    int CpuCount,
    int MemoryMB,
    int DiskSizeMB,
    bool Public,
    IReadOnlyList<string> Aliases,
    IReadOnlyList<string> Names,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] TemplateCreator? CreatedBy,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] DateTimeOffset? LastSpawnedAt,
    long SpawnCount,
    int BuildCount,
    string EnvdVersion,
    string BuildStatus);

/// <summary>Who made it.</summary>
public sealed record TemplateCreator(Guid Id, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Email);

/// <summary>A build of a template.</summary>
public sealed record TemplateBuild(string BuildID, string Status, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, DateTimeOffset? FinishedAt, int CpuCount, int MemoryMB, int DiskSizeMB, string EnvdVersion);

/// <summary>A template with its builds.</summary>
public sealed record TemplateWithBuilds(
    string TemplateID, bool Public, IReadOnlyList<string> Aliases, IReadOnlyList<string> Names, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] DateTimeOffset? LastSpawnedAt, long SpawnCount, IReadOnlyList<TemplateBuild> Builds);

/// <summary>Answer to a lookup by alias.</summary>
public sealed record TemplateAlias(string TemplateID, bool Public);
