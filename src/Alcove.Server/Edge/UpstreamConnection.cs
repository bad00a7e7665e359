using System.Net.Sockets;

namespace Alcove.Server.Edge;

/// <summary>A connection into a sandbox, known to its run so that it can be reset when the run ends.</summary>
internal sealed class UpstreamConnection(Socket socket, Upstream upstream) : NetworkStream(socket, ownsSocket: true)
{
    /// <summary>Closes the connection with a reset: nobody takes what has come so far for the whole.</summary>
    public void Reset()
    {
        try
        {
            Socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It was closed in this very moment.
        }

        Dispose();
    }

    protected override void Dispose(bool disposing)
    {
        upstream.Forget(this);
        base.Dispose(disposing);
    }
}
