using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Alcove.Server.Listening;

/// <summary>Gives Kestrel its endpoints: three for each port, all on the same sockets.</summary>
internal sealed partial class SharedPortFactory(
    ListeningOptions options,
    SocketTransportFactory sockets,
    TimeProvider time,
    ILogger<SharedPortFactory> logger) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    // Kestrel binds its endpoints one after the other.
    private readonly Dictionary<ServerPort, SharedPort> _ports = [];

    public bool CanBind(EndPoint endpoint) => endpoint is WireEndPoint;

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var (port, wire) = endpoint is WireEndPoint mine ? (mine.Port, mine.Wire) : throw new NotSupportedException($"{endpoint} is not an endpoint of a shared port");
        if (!_ports.TryGetValue(port, out var shared))
        {
            shared = new SharedPort(port, await OpenAsync(port, cancellationToken), options.FirstByteTimeout, time, logger);
            _ports.Add(port, shared);
        }

        return shared.Listen(wire);
    }

    /// <summary>What <paramref name="port"/> listens on; empty before the server has started.</summary>
    public ImmutableArray<IPEndPoint> EndPointsOf(ServerPort port) => _ports.TryGetValue(port, out var shared) ? shared.EndPoints : [];

    /// <summary>Opens the port on every address. With number 0 the first address chooses and the others follow it.</summary>
    private async Task<ImmutableArray<IConnectionListener>> OpenAsync(ServerPort port, CancellationToken cancellationToken)
    {
        var number = options.NumberOf(port);
        var opened = new List<IConnectionListener>();
        try
        {
            foreach (var address in options.Addresses)
            {
                if (await OpenAsync(new IPEndPoint(address, number), cancellationToken) is { } socket)
                {
                    opened.Add(socket);
                    number = ((IPEndPoint)socket.EndPoint).Port;
                }
            }

            return opened.Count > 0 ? [.. opened] : throw new IOException($"{ListeningOptions.ListenSetting}: none of the addresses exists on this machine");
        }
        catch
        {
            foreach (var socket in opened)
            {
                await socket.DisposeAsync();
            }

            throw;
        }
    }

    /// <returns>Null for an address that this machine may lack, and does.</returns>
    private async Task<IConnectionListener?> OpenAsync(IPEndPoint endPoint, CancellationToken cancellationToken)
    {
        try
        {
            return await sockets.BindAsync(endPoint, cancellationToken);
        }
        catch (SocketException e) when (options.MayBeAbsent(endPoint.Address)
            && e.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported)
        {
            AddressAbsent(endPoint);
            return null;
        }
        catch (Exception e) when (e is SocketException or IOException or AddressInUseException)
        {
            throw new IOException($"Cannot listen on {endPoint} ({ListeningOptions.ListenSetting} and the port's setting decide that): {e.Message}", e);
        }
    }

    [LoggerMessage(LogLevel.Information, "Not listening on {EndPoint}: this machine does not have that address")]
    private partial void AddressAbsent(IPEndPoint endPoint);
}
