using System.Text.Json;
using Alcove.Control.Sandboxes;
using Alcove.Control.Storage;
using Alcove.Control.Templates;
using Alcove.Protocol.Sandboxes;
using Alcove.Server.Errors;

namespace Alcove.Server.Sandboxes;

/// <summary>Which of the two create routes a request came in by: they differ in their defaults.</summary>
/// <param name="DefaultTimeout">Seconds where the request says nothing.</param>
/// <param name="AlwaysSecured">The newer route knows no unsecured sandboxes.</param>
internal sealed record CreateGeneration(int DefaultTimeout, bool AlwaysSecured)
{
    public static CreateGeneration V1 { get; } = new(15, AlwaysSecured: false);

    public static CreateGeneration V2 { get; } = new(300, AlwaysSecured: true);
}

/// <summary>What a create may ask for, and what its silence means.</summary>
internal static class CreateRules
{
    private const int MostEntries = 256;
    private const int LongestText = 64 * 1024;

    /// <exception cref="ApiException">The request asks for what cannot be.</exception>
    public static void Check(NewSandbox request, TeamRow team, CreateGeneration generation)
    {
        if (string.IsNullOrWhiteSpace(request.TemplateID))
        {
            throw ApiException.Invalid("request body has an error: property \"templateID\" is missing");
        }

        if (request.Mcp is { ValueKind: not (JsonValueKind.Object or JsonValueKind.Null) })
        {
            throw ApiException.Invalid("request body has an error: \"mcp\" must be an object");
        }

        CheckMap("metadata", request.Metadata);
        CheckMap("envVars", request.EnvVars);
        CheckTimeout(request.Timeout, team);
        CheckPausing(request);
        CheckLaterFeatures(request);
        NetworkRules.Check(request.Network, IsSecured(request, generation));
    }

    public static bool IsSecured(NewSandbox request, CreateGeneration generation) => generation.AlwaysSecured || request.Secure == true;

    public static SandboxPlan Plan(NewSandbox request, TeamRow team, ResolvedTemplate template, CreateGeneration generation) => new(
        team.Id,
        template.Id,
        template.Alias,
        template.Digest,
        template.CpuCount,
        template.MemoryMiB,
        template.DiskMiB,
        template.EnvdVersion,
        TimeSpan.FromSeconds(request.Timeout ?? generation.DefaultTimeout),
        IsSecured(request, generation),
        request.AllowInternetAccess,
        request.Network?.AllowPublicTraffic ?? true,
        request.Network?.MaskRequestHost,
        request.Network is not null,
        request.Metadata ?? [],
        request.EnvVars ?? [],
        request.AutoPause ?? false,
        request.AutoPauseMemory ?? true,
        request.AutoResume?.Enabled ?? false,
        template.CaptureId,
        template.NodeId);

    /// <exception cref="ApiException">The team may not keep a sandbox for so long.</exception>
    public static void CheckLongest(int seconds, TeamRow team)
    {
        if (seconds > TimeSpan.FromHours(team.MaxSandboxHours).TotalSeconds)
        {
            throw ApiException.BadRequest($"Timeout cannot be greater than {team.MaxSandboxHours} hours");
        }
    }

    /// <summary>How a lookup of the template that failed is told.</summary>
    public static ApiException Explain(TemplateLookup result, string reference, string? detail) => result switch
    {
        TemplateLookup.Invalid => ApiException.BadRequest($"Invalid template reference: {detail}"),
        TemplateLookup.Forbidden => new ApiException(StatusCodes.Status403Forbidden, $"you don't have access to template '{reference}'"),
        TemplateLookup.TagNotFound => new ApiException(StatusCodes.Status404NotFound, $"tag '{detail}' does not exist for template '{reference.Split(':')[0]}'"),
        TemplateLookup.NotFound or TemplateLookup.Hidden => new ApiException(StatusCodes.Status404NotFound, $"template '{reference}' not found"),
        TemplateLookup.Found => throw new InvalidOperationException("a template that was found needs no explanation"),
    };

    /// <summary>How a create that failed is told.</summary>
    public static ApiException Explain(CreateOutcome outcome) => outcome.Result switch
    {
        CreateResult.NoCapacity => new ApiException(StatusCodes.Status503ServiceUnavailable, $"Failed to place sandbox: {outcome.Reason}. Please try again later", "sandbox_capacity_unavailable"),
        CreateResult.NoNode => new ApiException(StatusCodes.Status503ServiceUnavailable, $"Failed to place sandbox: {outcome.Reason}. Please try again later", "sandbox_no_compatible_node"),
        CreateResult.TimedOut => new ApiException(StatusCodes.Status504GatewayTimeout, "Failed to place sandbox: placement timed out after 1 attempt(s), please retry", "sandbox_placement_timeout"),
        CreateResult.Failed => new ApiException(StatusCodes.Status500InternalServerError, "Failed to create sandbox", "sandbox_create_failed"),
        CreateResult.Created => throw new InvalidOperationException("a sandbox that was created needs no explanation"),
    };

    private static void CheckTimeout(int? seconds, TeamRow team)
    {
        if (seconds is not { } timeout)
        {
            return;
        }

        if (timeout <= 0)
        {
            throw ApiException.BadRequest("Timeout must be greater than 0");
        }

        CheckLongest(timeout, team);
    }

    private static void CheckPausing(NewSandbox request)
    {
        if (request.AutoResume is { Enabled: null })
        {
            throw ApiException.Invalid("request body has an error: property \"autoResume.enabled\" is missing");
        }

        if (request is { AutoPauseMemory: false, AutoPause: not true })
        {
            throw ApiException.BadRequest("autoPauseMemory=false only applies when autoPause is true.");
        }

        if (request is { AutoPauseMemory: false, AutoResume.Enabled: true })
        {
            throw ApiException.BadRequest("autoPauseMemory=false (filesystem-only auto-pause) cannot be combined with autoResume: a sandbox without memory is not woken by traffic");
        }
    }

    private static void CheckLaterFeatures(NewSandbox request)
    {
        if (request.VolumeMounts is { Count: > 0 })
        {
            throw ApiException.BadRequest("Volume mounts are not enabled.");
        }

        if (request.Iam is { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) })
        {
            throw ApiException.BadRequest("Sandbox IAM workload tokens are not available for your team.");
        }
    }

    private static void CheckMap(string name, Dictionary<string, string>? map)
    {
        if (map is null)
        {
            return;
        }

        if (map.Any(pair => pair.Value is null))
        {
            throw ApiException.Invalid($"request body has an error: values of \"{name}\" must be strings");
        }

        if (map.Count > MostEntries || map.Sum(pair => pair.Key.Length + pair.Value.Length) > LongestText)
        {
            throw ApiException.Invalid($"request body has an error: \"{name}\" has more than {MostEntries} entries or {LongestText} characters");
        }

        if (name == "envVars" && map.Any(pair => pair.Key.Length == 0 || pair.Key.Contains('=', StringComparison.Ordinal) || (pair.Key + pair.Value).Contains('\0', StringComparison.Ordinal)))
        {
            throw ApiException.Invalid("request body has an error: names in \"envVars\" must not be empty or contain '=', and nothing may contain a zero byte");
        }
    }
}
