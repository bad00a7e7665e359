using Alcove.Control.Storage;
using Alcove.Protocol.Nodes;
using Alcove.Protocol.Sandboxes;

namespace Alcove.Control.Sandboxes;

/// <summary>A sandbox's row, and what a node is asked to make of it.</summary>
internal static class RunRequests
{
    private const string DefaultUser = "user";

    public static SandboxRow NewRow(string id, SandboxPlan plan, string nodeId, DateTimeOffset now) => new()
    {
        Id = id,
        TeamId = plan.TeamId,
        TemplateId = plan.TemplateId,
        Alias = plan.Alias,
        Status = SandboxStatus.Starting,
        Incarnation = 1,
        NodeId = nodeId,
        StartedAt = now,
        EndAt = now + plan.Timeout,
        CpuCount = plan.CpuCount,
        MemoryMiB = plan.MemoryMiB,
        DiskMiB = plan.DiskMiB,
        EnvdVersion = plan.EnvdVersion,
        IsSecured = plan.IsSecured,
        AllowInternetAccess = plan.AllowInternetAccess,
        AllowPublicTraffic = plan.AllowPublicTraffic,
        MaskRequestHost = plan.MaskRequestHost,
        HasNetwork = plan.HasNetwork,
        Metadata = plan.Metadata,
        EnvVars = plan.EnvVars,
        TimeoutSeconds = (int)plan.Timeout.TotalSeconds,
        AutoPause = plan.AutoPause,
        AutoPauseMemory = plan.AutoPauseMemory,
        AutoResume = plan.AutoResume,
    };

    /// <summary>A new sandbox, from its template's layer or from a snapshot.</summary>
    public static CreateSandboxRequest First(SandboxRow row, SandboxPlan plan, SandboxTokens tokens)
    {
        var request = Base(row, tokens);
        request.EnvVars.Add(plan.EnvVars);
        if (plan.CaptureId is null)
        {
            request.Layers.Add(plan.Digest);
        }
        else
        {
            (request.CaptureId, request.WithMemory) = (plan.CaptureId, plan.WithMemory);
        }

        return request;
    }

    /// <summary>A paused one. Its memory holds the variables that it was given; without it they are given again.</summary>
    public static CreateSandboxRequest Resume(SandboxRow row, bool withMemory, SandboxTokens tokens)
    {
        var request = Base(row, tokens);
        (request.CaptureId, request.WithMemory) = (row.CaptureId!, withMemory);
        if (!withMemory)
        {
            request.EnvVars.Add(row.EnvVars);
        }

        return request;
    }

    private static CreateSandboxRequest Base(SandboxRow row, SandboxTokens tokens) => new()
    {
        SandboxId = row.Id,
        Incarnation = (ulong)row.Incarnation,
        TemplateId = row.TemplateId,
        CpuCount = (uint)row.CpuCount,
        MemoryMib = (uint)row.MemoryMiB,
        DiskMib = (uint)row.DiskMiB,
        AccessToken = row.IsSecured ? tokens.Envd(SandboxId.Parse(row.Id)) : string.Empty,
        AllowInternetAccess = row.AllowInternetAccess ?? true,
        DefaultUser = DefaultUser,
    };
}
