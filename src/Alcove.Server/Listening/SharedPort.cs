using System.Collections.Immutable;
using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;

namespace Alcove.Server.Listening;

/// <summary>The listening sockets of one port: sorts each connection by what its client speaks, none waiting for another.</summary>
internal sealed partial class SharedPort
{
    private readonly ServerPortFeature _feature;
    private readonly ImmutableArray<IConnectionListener> _sockets;
    private readonly TimeSpan _firstByteTimeout;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _accepting;
    private readonly Lazy<Task> _closed;
    private int _listeners;

    // Unbounded, because Kestrel takes connections out as they come and bounds them itself.
    private readonly ImmutableArray<Channel<ConnectionContext>> _byWire =
        [.. Enum.GetValues<Wire>().Select(_ => Channel.CreateUnbounded<ConnectionContext>(new() { SingleReader = true }))];

    public SharedPort(ServerPort port, ImmutableArray<IConnectionListener> sockets, TimeSpan firstByteTimeout, TimeProvider time, ILogger logger)
    {
        _feature = new ServerPortFeature(port);
        _sockets = sockets;
        _firstByteTimeout = firstByteTimeout;
        _time = time;
        _logger = logger;
        EndPoints = [.. sockets.Select(socket => (IPEndPoint)socket.EndPoint)];
        _accepting = Task.WhenAll(sockets.Select(AcceptAllAsync));
        _closed = new Lazy<Task>(CloseOnceAsync);
    }

    /// <summary>What is listened on, the real port number where 0 was asked for.</summary>
    public ImmutableArray<IPEndPoint> EndPoints { get; }

    public WireListener Listen(Wire wire)
    {
        Interlocked.Increment(ref _listeners);
        return new WireListener(this, _byWire[(int)wire].Reader);
    }

    /// <summary>Stops accepting; connections that Kestrel has taken live on.</summary>
    public ValueTask CloseAsync() => new(_closed.Value);

    /// <summary>Gives back one listener; with the last one goes the memory that the port's connections live on.</summary>
    public async ValueTask ReleaseAsync()
    {
        await CloseAsync();
        if (Interlocked.Decrement(ref _listeners) > 0)
        {
            return;
        }

        foreach (var socket in _sockets)
        {
            await socket.DisposeAsync();
        }
    }

    private async Task CloseOnceAsync()
    {
        await _closing.CancelAsync();
        foreach (var socket in _sockets)
        {
            await socket.UnbindAsync();
        }

        await _accepting;
        foreach (var channel in _byWire)
        {
            channel.Writer.Complete();
        }
    }

    private async Task AcceptAllAsync(IConnectionListener socket)
    {
        try
        {
            while (await socket.AcceptAsync() is { } connection)
            {
                connection.Features.Set(_feature);
                _ = SortAsync(connection);
            }
        }
        catch (Exception e) when (!_closing.IsCancellationRequested)
        {
            AcceptingEnded(socket.EndPoint, e);
        }
        catch (Exception)
        {
            // The socket was closed under the accept, as asked.
        }
    }

    private async Task SortAsync(ConnectionContext connection)
    {
        try
        {
            if (await RecognizeAsync(connection) is { } wire && _byWire[(int)wire].Writer.TryWrite(connection))
            {
                return;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            SilentConnection(connection.ConnectionId, e.Message);
            connection.Abort();
        }

        await connection.DisposeAsync();
    }

    private async ValueTask<Wire?> RecognizeAsync(ConnectionContext connection)
    {
        using var patience = new CancellationTokenSource(_firstByteTimeout, _time);
        using var closing = _closing.Token.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), patience);
        return await WireRecognition.RecognizeAsync(connection.Transport.Input, patience.Token);
    }

    [LoggerMessage(LogLevel.Critical, "No longer accepting connections on {EndPoint}")]
    private partial void AcceptingEnded(EndPoint endPoint, Exception exception);

    [LoggerMessage(LogLevel.Debug, "Connection {ConnectionId} closed before its first byte: {Reason}")]
    private partial void SilentConnection(string connectionId, string reason);
}
