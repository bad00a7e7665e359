using System.Runtime.CompilerServices;
using Alcove.Control.Routing;

namespace Alcove.Server.Edge;

/// <summary>The connections of each run that has had traffic. Keyed by the route itself: what has its address later is another route.</summary>
internal sealed class Upstreams(Dialer dialer, TimeProvider time)
{
    private readonly ConditionalWeakTable<SandboxRoute, Upstream> _byRoute = [];

    public Upstream Of(SandboxRoute route) => _byRoute.GetValue(route, created => new Upstream(created, dialer, time));
}
