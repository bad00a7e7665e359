using Alcove.Control.Sandboxes;
using Alcove.Control.Storage;
using Alcove.Protocol.Sandboxes;

namespace Alcove.Server.Sandboxes;

/// <summary>Rows as clients see them.</summary>
internal sealed class SandboxViews(SandboxTokens tokens, ServerOptions options, TimeProvider time)
{
    private const string Running = "running";
    private const string Paused = "paused";

    public Sandbox Created(SandboxRow row, HttpRequest request)
    {
        var id = SandboxId.Parse(row.Id);
        return new Sandbox(
            row.TemplateId,
            row.Id,
            ListedSandbox.ConstantClientID,
            row.EnvdVersion,
            row.Alias,
            row.IsSecured ? tokens.Envd(id) : null,
            row.AllowPublicTraffic ? null : tokens.Traffic(id),
            DomainOf(id, request));
    }

    public ListedSandbox Listed(SandboxRow row) => new(
        row.TemplateId, row.Alias, row.Id, ListedSandbox.ConstantClientID, row.StartedAt, row.EndAt, row.CpuCount, row.MemoryMiB, row.DiskMiB, row.Metadata, StateOf(row), row.EnvdVersion, []);

    public SandboxDetail Detail(SandboxRow row, HttpRequest request)
    {
        var id = SandboxId.Parse(row.Id);
        return new SandboxDetail(
            row.TemplateId, row.Alias ?? string.Empty, row.Id, ListedSandbox.ConstantClientID, row.StartedAt, row.EndAt, row.CpuCount, row.MemoryMiB, row.DiskMiB, row.Metadata, StateOf(row), row.EnvdVersion, [],
            row.IsSecured ? tokens.Envd(id) : null,
            row.AllowInternetAccess,
            StateOf(row) == Paused ? null : DomainOf(id, request),
            row.HasNetwork ? new NetworkConfig(AllowPublicTraffic: row.AllowPublicTraffic, MaskRequestHost: row.MaskRequestHost) : null,
            new SandboxLifecycle(row.AutoResume, OnTimeout: row.AutoPause ? "pause" : "kill"));
    }

    private string StateOf(SandboxRow row) => SandboxVisibility.Of(row, time.GetUtcNow()) == ShownAs.Running ? Running : Paused;

    /// <summary>The SDKs and the CLI put port and id in front of the domain themselves; everybody else gets the sandbox's own.</summary>
    private string DomainOf(SandboxId id, HttpRequest request)
    {
        var agent = request.Headers.UserAgent.ToString();
        return agent.Contains("e2b-js-sdk/", StringComparison.Ordinal) || agent.Contains("e2b-python-sdk/", StringComparison.Ordinal) || agent.Contains("e2b-cli/", StringComparison.Ordinal)
            ? options.Domain
            : $"{id}.{options.Domain}";
    }
}
