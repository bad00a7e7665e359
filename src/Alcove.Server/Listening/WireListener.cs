using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;

namespace Alcove.Server.Listening;

/// <summary>Hands Kestrel the connections of a shared port that speak one wire.</summary>
internal sealed class WireListener(SharedPort port, ChannelReader<ConnectionContext> connections) : IConnectionListener
{
    public EndPoint EndPoint => port.EndPoints[0];

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await connections.WaitToReadAsync(cancellationToken))
        {
            if (connections.TryRead(out var connection))
            {
                return connection;
            }
        }

        return null;
    }

    /// <summary>Closes the whole port: its wires come and go together.</summary>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => port.CloseAsync();

    /// <summary>Kestrel does this when none of its connections is left.</summary>
    public ValueTask DisposeAsync() => port.ReleaseAsync();
}
