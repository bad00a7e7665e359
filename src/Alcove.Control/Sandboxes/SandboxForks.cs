using Alcove.Control.Nodes;
using Alcove.Control.Storage;
using Alcove.Protocol.Sandboxes;

namespace Alcove.Control.Sandboxes;

/// <summary>A child of a fork: its id, or why there is none. No outcome: the team has as many as it may.</summary>
public sealed record ForkedChild(SandboxId? Id, CreateOutcome? Outcome);

/// <summary>Copies running sandboxes: one capture, and as many new sandboxes that are restored from it. The original runs on.</summary>
public sealed class SandboxForks(SandboxDirectory sandboxes, NodeRegistry nodes, CaptureHolds holds)
{
    /// <param name="team">Whose.</param>
    /// <param name="source">The running sandbox.</param>
    /// <param name="count">How many.</param>
    /// <param name="timeout">How long each shall run.</param>
    public async Task<(ActOutcome Outcome, ForkedChild[] Children)> ForkAsync(TeamRow team, SandboxRow source, int count, TimeSpan timeout)
    {
        var captureId = Guid.NewGuid().ToString("n");
        using var hold = holds.Hold(captureId);
        var (outcome, _) = await sandboxes.CaptureAsync(team.Id, SandboxId.Parse(source.Id), captureId);
        if (outcome.Result != ActResult.Done)
        {
            return (outcome, []);
        }

        try
        {
            var plan = Plan(source, captureId, timeout);
            return (outcome, await Task.WhenAll(Enumerable.Range(0, count).Select(_ => CreateAsync(plan, team))));
        }
        finally
        {
            await DeleteAsync(source.NodeId, captureId);
        }
    }

    private async Task<ForkedChild> CreateAsync(SandboxPlan plan, TeamRow team) => await sandboxes.CreateAsync(plan, team.ConcurrentSandboxes) switch
    {
        null => new ForkedChild(null, null),
        { Outcome.Result: CreateResult.Created } child => new ForkedChild(child.Id, child.Outcome),
        { } failed => new ForkedChild(null, failed.Outcome),
    };

    /// <summary>One that stays is nobody's, and goes when the node is next compared with the rows.</summary>
    private async Task DeleteAsync(string nodeId, string captureId)
    {
        try
        {
            await (nodes.Find(nodeId)?.Client.DeleteCaptureAsync(captureId) ?? Task.CompletedTask);
        }
        catch (Connect.ConnectException)
        {
            // The node is away.
        }
    }

    private static SandboxPlan Plan(SandboxRow source, string captureId, TimeSpan timeout) => new(
        source.TeamId, source.TemplateId, source.Alias, string.Empty, source.CpuCount, source.MemoryMiB, source.DiskMiB, source.EnvdVersion, timeout, source.IsSecured,
        source.AllowInternetAccess, source.AllowPublicTraffic, source.MaskRequestHost, source.HasNetwork, source.Metadata, source.EnvVars, source.AutoPause, source.AutoPauseMemory,
        source.AutoResume, captureId, source.NodeId);
}
