using System.Net;
using Alcove.Protocol.Sandboxes;

namespace Alcove.Control.Routing;

/// <summary>Where the traffic of one run of a sandbox goes, and who may send it. Immutable: a change is a new route.</summary>
/// <param name="Id">The sandbox.</param>
/// <param name="Incarnation">Which run of it; a route never replaces one of a later run.</param>
/// <param name="NodeId">The node that has it.</param>
/// <param name="Address">The slot's address, reached directly from the sandbox's own machine.</param>
/// <param name="EnvdAccessToken">The daemon's token, null when the sandbox is not secured. Signed file URLs are matched against it.</param>
/// <param name="TrafficAccessToken">What requests to ports other than the daemon's must carry; null when public traffic is allowed.</param>
/// <param name="MaskRequestHost">The Host header for those ports, <c>${PORT}</c> replaced; null leaves the client's.</param>
/// <param name="MaxConnections">Concurrent requests; −1 for no limit.</param>
public sealed record SandboxRoute(
    SandboxId Id,
    ulong Incarnation,
    string NodeId,
    IPAddress Address,
    string? EnvdAccessToken,
    string? TrafficAccessToken,
    string? MaskRequestHost,
    int MaxConnections = -1)
{
    private readonly CancellationTokenSource _ended = new();

    /// <summary>Fires when this run ends: whoever forwards over this route resets its connections.</summary>
    public CancellationToken Ended => _ended.Token;

    internal void End() => _ended.Cancel();
}
