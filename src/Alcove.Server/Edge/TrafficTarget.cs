using Alcove.Protocol.Envd;
using Alcove.Protocol.Sandboxes;

namespace Alcove.Server.Edge;

/// <summary>Where a request wants to go.</summary>
/// <param name="Id">The sandbox.</param>
/// <param name="Port">A port inside it. Numbers beyond 65535 are taken for ports on which nothing listens.</param>
internal readonly record struct TrafficTarget(SandboxId Id, ulong Port)
{
    /// <summary>The daemon's port has a token of its own and is exempt from the sandbox's ingress rules.</summary>
    public bool IsDaemon => Port == EnvdVersion.Port;

    /// <summary>Whether a connection could be tried at all.</summary>
    public bool IsConnectable => Port is > 0 and <= ushort.MaxValue;
}
