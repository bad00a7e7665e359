using System.Net.Sockets;

namespace Alcove.Connect;

/// <summary>Makes the connections of a <see cref="ConnectClient"/> to a server on the same machine.</summary>
public static class UnixSocketHandler
{
    /// <param name="path">The socket; looked up anew for each connection, so that the server may come later or again.</param>
    public static SocketsHttpHandler Create(string path) => new()
    {
        ConnectCallback = (_, cancellationToken) => ConnectAsync(path, cancellationToken),
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,

        // By default a stream that is left early is read on for two seconds before its server is told.
        ResponseDrainTimeout = TimeSpan.Zero,
    };

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
