namespace Alcove.Server.Listening;

/// <summary>The two ports that clients reach.</summary>
internal enum ServerPort
{
    /// <summary>The REST API; 3000 by default.</summary>
    Api,

    /// <summary>Sandbox traffic; 3002 by default.</summary>
    Traffic,
}

/// <summary>A connection's memory of the port it came in by.</summary>
internal sealed class ServerPortFeature(ServerPort port)
{
    public ServerPort Port { get; } = port;
}

internal static class ServerPortOfRequest
{
    /// <summary>Which port the request came in by; a request without a connection of ours (an in-memory test) counts as <see cref="ServerPort.Api"/>.</summary>
    public static ServerPort GetServerPort(this HttpContext context) =>
        context.Features.Get<ServerPortFeature>()?.Port ?? ServerPort.Api;
}
