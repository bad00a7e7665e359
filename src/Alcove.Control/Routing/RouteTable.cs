using System.Collections.Immutable;
using Alcove.Protocol.Sandboxes;

namespace Alcove.Control.Routing;

/// <summary>The routes of all running sandboxes, as the edge sees them: an immutable table, swapped whole. Grains publish and withdraw.</summary>
public sealed class RouteTable
{
    private ImmutableDictionary<SandboxId, SandboxRoute> _routes = ImmutableDictionary<SandboxId, SandboxRoute>.Empty;

    public SandboxRoute? Find(SandboxId id) => Volatile.Read(ref _routes).GetValueOrDefault(id);

    /// <summary>All routes of this instant.</summary>
    public ImmutableDictionary<SandboxId, SandboxRoute> Snapshot => Volatile.Read(ref _routes);

    /// <summary>Makes a run reachable. A route of an earlier run ends; one of a later run stays and this one is dropped.</summary>
    public void Publish(SandboxRoute route)
    {
        SandboxRoute? replaced = null;
        ImmutableInterlocked.Update(ref _routes, routes =>
        {
            replaced = routes.GetValueOrDefault(route.Id);
            return replaced is null || replaced.Incarnation <= route.Incarnation ? routes.SetItem(route.Id, route) : routes;
        });
        if (replaced is not null && replaced.Incarnation < route.Incarnation)
        {
            replaced.End();
        }
    }

    /// <summary>Takes a run's route away and lets what is open over it be: it may come back.</summary>
    /// <returns>The route; null when that run has none.</returns>
    public SandboxRoute? Hide(SandboxId id, ulong incarnation)
    {
        SandboxRoute? hidden = null;
        ImmutableInterlocked.Update(ref _routes, routes =>
        {
            hidden = routes.GetValueOrDefault(id) is { } route && route.Incarnation == incarnation ? route : null;
            return hidden is null ? routes : routes.Remove(id);
        });
        return hidden;
    }

    /// <summary>Takes a run's route away and resets what is open over it. A later run's route is left alone.</summary>
    public void Withdraw(SandboxId id, ulong incarnation)
    {
        SandboxRoute? removed = null;
        ImmutableInterlocked.Update(ref _routes, routes =>
        {
            removed = routes.GetValueOrDefault(id);
            return removed is null || removed.Incarnation > incarnation ? routes : routes.Remove(id);
        });
        if (removed is not null && removed.Incarnation <= incarnation)
        {
            removed.End();
        }
    }
}
