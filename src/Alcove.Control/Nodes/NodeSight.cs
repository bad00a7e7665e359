using Alcove.Protocol.Nodes;

namespace Alcove.Control.Nodes;

/// <summary>What a node has of a sandbox.</summary>
/// <param name="Incarnation">The run that is there; 0 for none.</param>
/// <param name="Address">The run's.</param>
/// <param name="Awaits">The capture for which the run stands still; null when it runs.</param>
/// <param name="Captures">What was taken of it and is whole.</param>
internal sealed record NodeSight(long Incarnation, string? Address, string? Awaits, IReadOnlyList<Capture> Captures)
{
    public static NodeSight Of(SandboxRun? run, IEnumerable<Capture> captures) =>
        new(run is { State: RunState.Running or RunState.Frozen } ? (long)run.Incarnation : 0, run?.Address, run is { State: RunState.Frozen } ? run.PendingCapture : null, [.. captures]);

    /// <exception cref="Connect.ConnectException">The node does not answer.</exception>
    public static async Task<NodeSight> LookAsync(NodeClient client, string sandboxId)
    {
        var runs = await client.ListAsync(CancellationToken.None);
        var captures = await client.ListCapturesAsync(CancellationToken.None);
        return Of(runs.FirstOrDefault(run => run.SandboxId == sandboxId), captures.Where(capture => capture.SandboxId == sandboxId));
    }

    public bool Has(string? captureId) => Captures.Any(capture => capture.CaptureId == captureId);

    /// <returns>Bytes on disk.</returns>
    public long SizeOf(string? captureId) => Captures.Where(capture => capture.CaptureId == captureId).Sum(capture => (long)(capture.MemoryBytes + capture.DiskBytes));
}
