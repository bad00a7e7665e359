using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Alcove.Control.Routing;

namespace Alcove.Server.Edge;

/// <summary>The connections into one run of a sandbox. They are this run's alone, and end with it.</summary>
internal sealed class Upstream
{
    private readonly SandboxRoute _route;
    private readonly Dialer _dialer;
    private readonly ConcurrentDictionary<UpstreamConnection, bool> _connections = [];
    private int _requests;

    public Upstream(SandboxRoute route, EdgeOptions options, Dialer dialer)
    {
        _route = route;
        _dialer = dialer;

        // The daemon keeps connections for 640 s and serves any number of them at once.
        Daemon = Client(options, TimeSpan.FromMinutes(10));

        // A user's server may serve one connection at a time: an idle one would lock everybody else out.
        Ports = Client(options, TimeSpan.Zero);
        route.Ended.UnsafeRegister(static upstream => ((Upstream)upstream!).End(), this);
    }

    /// <summary>For requests to the daemon; connections are used again.</summary>
    public HttpMessageInvoker Daemon { get; }

    /// <summary>For requests to all other ports; each has a connection of its own.</summary>
    public HttpMessageInvoker Ports { get; }

    /// <summary>Counts a request in, unless <paramref name="limit"/> of them are under way; −1 is no limit.</summary>
    public bool TryEnter(int limit)
    {
        if (Interlocked.Increment(ref _requests) <= limit || limit < 0)
        {
            return true;
        }

        Leave();
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _requests);

    public void Forget(UpstreamConnection connection) => _connections.TryRemove(connection, out _);

    private void End()
    {
        foreach (var connection in _connections.Keys)
        {
            connection.Reset();
        }

        Daemon.Dispose();
        Ports.Dispose();
    }

    private HttpMessageInvoker Client(EdgeOptions options, TimeSpan lifetime) => new(
        new FlushingHandler(new SocketsHttpHandler
        {
            ConnectCallback = ConnectAsync,
            ConnectTimeout = options.ConnectTimeout,
            PooledConnectionLifetime = lifetime,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
            MaxResponseHeadersLength = 128,

            // What the client no longer reads is not read from the sandbox either.
            MaxResponseDrainSize = 0,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            UseProxy = false,
            ActivityHeadersPropagator = null,
            RequestHeaderEncodingSelector = (_, _) => Encoding.Latin1,
            ResponseHeaderEncodingSelector = (_, _) => Encoding.Latin1,
        }),
        disposeHandler: true);

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        using var orEnded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _route.Ended);
        var socket = await _dialer.ConnectAsync(new IPEndPoint(_route.Address, context.DnsEndPoint.Port), orEnded.Token);
        var connection = new UpstreamConnection(socket, this);
        _connections.TryAdd(connection, true);
        if (_route.Ended.IsCancellationRequested)
        {
            connection.Reset();
        }

        return connection;
    }
}
