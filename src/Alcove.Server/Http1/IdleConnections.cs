namespace Alcove.Server.Http1;

/// <summary>Connections that wait for their next request, the last used first.</summary>
internal sealed class IdleConnections(TimeProvider time)
{
    /// <summary>More than are of use to one sandbox; beyond it the oldest is closed.</summary>
    private const int Capacity = 64;

    /// <summary>Well below the daemon's own 640 s, so that it never closes one that is about to be used.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(60);

    private readonly Lock _lock = new();
    private readonly List<(Http1Connection Connection, long Since)> _connections = [];

    public void Put(Http1Connection connection)
    {
        lock (_lock)
        {
            _connections.Add((connection, time.GetTimestamp()));
            while (_connections.Count > Capacity || time.GetElapsedTime(_connections[0].Since) > Lifetime)
            {
                _connections[0].Connection.Dispose();
                _connections.RemoveAt(0);
            }
        }
    }

    /// <returns>Null when there is none that can be used.</returns>
    public Http1Connection? Take()
    {
        while (Pop() is { } connection)
        {
            if (connection.IsQuiet)
            {
                return connection;
            }

            connection.Dispose();
        }

        return null;
    }

    private Http1Connection? Pop()
    {
        lock (_lock)
        {
            if (_connections is [.., var (connection, _)])
            {
                _connections.RemoveAt(_connections.Count - 1);
                return connection;
            }

            return null;
        }
    }
}
