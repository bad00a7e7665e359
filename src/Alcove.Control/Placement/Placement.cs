using Alcove.Control.Nodes;

namespace Alcove.Control.Placement;

/// <summary>Decides where a sandbox goes: a pure function.</summary>
public static class Placement
{
    /// <returns>The ready node that has the layer and most memory free; null when there is none.</returns>
    public static NodeView? Choose(IEnumerable<NodeView> nodes, string digest) => nodes
        .Where(node => node.IsReady && node.Status.Templates.Any(template => template.Digest == digest))
        .MaxBy(node => node.Status.MemoryAvailableBytes);
}
