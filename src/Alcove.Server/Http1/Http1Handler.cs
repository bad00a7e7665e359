using System.Collections.Concurrent;
using System.Net.Sockets;

namespace Alcove.Server.Http1;

/// <summary>
/// Sends requests over HTTP/1.1 and hands out answers as they come, also before the request is complete:
/// both sides may talk at once, and who refuses an upload in its middle is heard. (The framework's client waits with an answer until the whole request is sent.)
/// </summary>
/// <param name="connect">Opens a connection to a port.</param>
/// <param name="persistentPort">The port whose connections are used again; all others get one for each request.</param>
/// <param name="time">The clock by which connections grow old.</param>
internal sealed class Http1Handler(Func<int, CancellationToken, ValueTask<Socket>> connect, int persistentPort, TimeProvider time) : HttpMessageHandler
{
    /// <summary>What to call when the answer is complete before the request is, whose rest nobody wants then.</summary>
    public static readonly HttpRequestOptionsKey<Action> AnsweredEarly = new("AnsweredEarly");

    private readonly ConcurrentDictionary<Http1Connection, bool> _open = [];
    private readonly IdleConnections _idle = new(time);
    private volatile bool _isEnded;

    /// <summary>Resets every connection, those in use too. There are no others afterwards.</summary>
    public void ResetAll()
    {
        _isEnded = true;
        foreach (var connection in _open.Keys)
        {
            connection.Reset();
        }
    }

    public void Forget(Http1Connection connection) => _open.TryRemove(connection, out _);

    /// <summary>Takes a connection back that is ready for another request.</summary>
    public void Return(Http1Connection connection)
    {
        _idle.Put(connection);
        if (_isEnded)
        {
            connection.Reset();
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var port = request.RequestUri!.Port;
        var isPersistent = port == persistentPort;
        var connection = (isPersistent ? _idle.Take() : null) ?? await OpenAsync(port, cancellationToken);
        return await new Http1Exchange(connection, this, isLast: !isPersistent).SendAsync(request, cancellationToken);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            ResetAll();
        }

        base.Dispose(disposing);
    }

    private async ValueTask<Http1Connection> OpenAsync(int port, CancellationToken cancellationToken)
    {
        var connection = new Http1Connection(await connect(port, cancellationToken), this);
        _open.TryAdd(connection, true);
        if (_isEnded)
        {
            connection.Reset();
        }

        return connection;
    }
}
