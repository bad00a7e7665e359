using System.Collections.Immutable;
using Alcove.Protocol.Nodes;

namespace Alcove.Control.Nodes;

/// <summary>A node as the control plane sees it now.</summary>
/// <param name="Status">What it last said of itself.</param>
/// <param name="Client">How to call it.</param>
/// <param name="IsReady">Whether it answers and has been reconciled.</param>
public sealed record NodeView(NodeStatus Status, NodeClient Client, bool IsReady)
{
    public string Id => Status.NodeId;
}

/// <summary>The nodes that are known: an immutable table, swapped whole.</summary>
public sealed class NodeRegistry
{
    private ImmutableDictionary<string, NodeView> _nodes = ImmutableDictionary<string, NodeView>.Empty;

    public IReadOnlyCollection<NodeView> All => [.. Volatile.Read(ref _nodes).Values];

    public NodeView? Find(string id) => Volatile.Read(ref _nodes).GetValueOrDefault(id);

    internal void Set(NodeView node) => ImmutableInterlocked.AddOrUpdate(ref _nodes, node.Id, node, (_, _) => node);

    internal void MarkGone(string id)
    {
        if (Find(id) is { } node)
        {
            Set(node with { IsReady = false });
        }
    }
}
