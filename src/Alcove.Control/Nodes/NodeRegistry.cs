using System.Collections.Concurrent;
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

    /// <value>Since when it is ready, or is not.</value>
    public DateTimeOffset Since { get; init; }
}

/// <summary>How many creates ended well and how many did not, since the server started.</summary>
public readonly record struct CreateCounts(long Succeeded, long Failed);

/// <summary>The nodes that are known: an immutable table, swapped whole.</summary>
public sealed class NodeRegistry(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, CreateCounts> _creates = new();
    private ImmutableDictionary<string, NodeView> _nodes = ImmutableDictionary<string, NodeView>.Empty;

    public IReadOnlyCollection<NodeView> All => [.. Volatile.Read(ref _nodes).Values];

    public NodeView? Find(string id) => Volatile.Read(ref _nodes).GetValueOrDefault(id);

    public CreateCounts CreatesOn(string id) => _creates.GetValueOrDefault(id);

    internal void CountCreate(string id, bool succeeded) => _creates.AddOrUpdate(
        id,
        _ => succeeded ? new CreateCounts(1, 0) : new CreateCounts(0, 1),
        (_, counts) => succeeded ? counts with { Succeeded = counts.Succeeded + 1 } : counts with { Failed = counts.Failed + 1 });

    internal void Set(NodeView node)
    {
        var now = time.GetUtcNow();
        ImmutableInterlocked.AddOrUpdate(ref _nodes, node.Id, node with { Since = now }, (_, before) => node with { Since = before.IsReady == node.IsReady ? before.Since : now });
    }

    internal void MarkGone(string id)
    {
        if (Find(id) is { } node)
        {
            Set(node with { IsReady = false });
        }
    }
}
