using System.Collections.Immutable;
using Alcove.Control.Storage;
using Microsoft.EntityFrameworkCore;

namespace Alcove.Control.Nodes;

/// <summary>What operators have said of a node.</summary>
public enum NodeStanding
{
    Ready = 0,

    /// <summary>No new sandboxes; those that are there live on.</summary>
    Draining = 1,

    /// <summary>No new sandboxes until it is called ready again.</summary>
    Standby = 2,
}

/// <summary>What operators have said of the nodes: kept in the database, so that a restart does not forget it, and read from memory by every create.</summary>
public sealed class NodeStandings(Database database, TimeProvider time)
{
    private ImmutableDictionary<string, (NodeStanding Standing, DateTimeOffset ChangedAt)> _standings = ImmutableDictionary<string, (NodeStanding, DateTimeOffset)>.Empty;

    public (NodeStanding Standing, DateTimeOffset ChangedAt) Of(string node) => Volatile.Read(ref _standings).GetValueOrDefault(node);

    /// <summary>Whether new sandboxes may be placed there.</summary>
    public bool Accepts(NodeView node) => Of(node.Id).Standing == NodeStanding.Ready;

    public async Task SetAsync(string node, NodeStanding standing, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        var row = await db.Nodes.FirstOrDefaultAsync(row => row.Id == node, cancellationToken);
        if (row is null)
        {
            row = new NodeRow { Id = node };
            db.Nodes.Add(row);
        }

        (row.Standing, row.ChangedAt) = (standing, time.GetUtcNow());
        await db.SaveChangesAsync(cancellationToken);
        Take(row);
    }

    /// <summary>Reads what was said of a node before; as long as that has not been done it is not ready.</summary>
    internal async Task LoadAsync(string node, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        if (await db.Nodes.AsNoTracking().FirstOrDefaultAsync(row => row.Id == node, cancellationToken) is { } row)
        {
            Take(row);
        }
    }

    private void Take(NodeRow row) => ImmutableInterlocked.AddOrUpdate(ref _standings, row.Id, (row.Standing, row.ChangedAt), (_, _) => (row.Standing, row.ChangedAt));
}
