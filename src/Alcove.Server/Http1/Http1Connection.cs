using System.Buffers;
using System.Net.Sockets;

namespace Alcove.Server.Http1;

/// <summary>A connection into a sandbox, known to its handler until it is closed.</summary>
internal sealed class Http1Connection(Socket socket, Http1Handler handler) : IDisposable
{
    private int _isDisposed;

    public Socket Socket => socket;

    public ReceiveBuffer Received { get; } = new(socket);

    /// <summary>Room for a request's first lines.</summary>
    public ArrayBufferWriter<byte> Head { get; } = new(1024);

    /// <summary>Whether the other side has neither closed the connection nor sent what nobody asked for.</summary>
    public bool IsQuiet => Received.IsEmpty && !socket.Poll(0, SelectMode.SelectRead);

    /// <summary>Closes the connection with a reset: nobody takes what has come so far for the whole.</summary>
    public void Reset()
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It was closed in this very moment.
        }

        Dispose();
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            handler.Forget(this);
            socket.Dispose();
        }
    }
}
