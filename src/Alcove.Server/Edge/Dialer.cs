using System.Net;
using System.Net.Sockets;

namespace Alcove.Server.Edge;

/// <summary>Connects to a port inside a sandbox.</summary>
internal sealed class Dialer(EdgeOptions options, TimeProvider time)
{
    private const int KeepAliveSeconds = 20;

    /// <summary>The waits between five attempts: a service that listens on loopback alone is forwarded to within a second, and one that just starts needs a moment.</summary>
    private static readonly TimeSpan[] Pauses =
        [TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(300), TimeSpan.FromMilliseconds(400)];

    /// <exception cref="SocketException">Nobody listens, or the sandbox cannot be reached.</exception>
    /// <exception cref="TimeoutException">Nobody answered.</exception>
    public async ValueTask<Socket> ConnectAsync(IPEndPoint endPoint, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            return await ConnectPatientlyAsync(endPoint, either.Token);
        }
        catch (OperationCanceledException e) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"No connection to {endPoint} within {options.ConnectTimeout}", e);
        }
    }

    private async ValueTask<Socket> ConnectPatientlyAsync(IPEndPoint endPoint, CancellationToken cancellationToken)
    {
        foreach (var pause in Pauses)
        {
            try
            {
                return await ConnectOnceAsync(endPoint, cancellationToken);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
            {
                await Task.Delay(pause, time, cancellationToken);
            }
        }

        return await ConnectOnceAsync(endPoint, cancellationToken);
    }

    private static async ValueTask<Socket> ConnectOnceAsync(IPEndPoint endPoint, CancellationToken cancellationToken)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveSeconds);
            await socket.ConnectAsync(endPoint, cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
