using System.Net;

namespace Alcove.Server.Listening;

/// <summary>One of the endpoints that share a port: Kestrel decides the protocol by endpoint, we decide the endpoint by the first byte.</summary>
internal sealed class WireEndPoint(ServerPort port, Wire wire) : EndPoint
{
    public ServerPort Port { get; } = port;

    public Wire Wire { get; } = wire;

    public override string ToString() => $"{Port}/{Wire}";
}
