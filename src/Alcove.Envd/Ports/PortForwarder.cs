using System.Net;
using System.Net.Sockets;
using Alcove.Envd.Hosting;

namespace Alcove.Envd.Ports;

/// <summary>Carries connections from the sandbox's address to the same port on loopback.</summary>
internal sealed class PortForwarder : IDisposable
{
    private const int Backlog = 128;
    private const int BufferSize = 64 * 1024;

    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _stop = new();
    private readonly Socket _listener;
    private readonly IPEndPoint _target;

    private PortForwarder(Socket listener, IPEndPoint target) => (_listener, _target) = (listener, target);

    /// <returns>Null when the address cannot be bound: something else serves that port there already.</returns>
    public static PortForwarder? TryStart(IPAddress outside, LoopbackPort port)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            listener.Bind(new IPEndPoint(outside, port.Port));
            listener.Listen(Backlog);
        }
        catch (SocketException)
        {
            listener.Dispose();
            return null;
        }

        var forwarder = new PortForwarder(listener, new IPEndPoint(port.IPv6 ? IPAddress.IPv6Loopback : IPAddress.Loopback, port.Port));
        _ = forwarder.AcceptAsync();
        return forwarder;
    }

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                _ = CarryAsync(await _listener.AcceptAsync(_stop.Token));
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e)
            {
                // A client that went away before it was taken, or no descriptor left for it: the next one may have more luck.
                DaemonLog.Write($"port {_target.Port}: {e.Message}");
                await Task.Delay(AcceptPause, TimeProvider.System);
            }
        }
    }

    private async Task CarryAsync(Socket client)
    {
        using var near = client;
        using var far = new Socket(_target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        near.NoDelay = true;
        try
        {
            await far.ConnectAsync(_target);
        }
        catch (SocketException)
        {
            near.Close(0);
            return;
        }

        await Task.WhenAll(CopyAsync(near, far), CopyAsync(far, near));
    }

    private static async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = new byte[BufferSize];
        try
        {
            for (int read; (read = await from.ReceiveAsync(buffer)) > 0;)
            {
                for (var sent = 0; sent < read;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent));
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // One side broke off: the other hears so, and the other direction does not wait for it.
            from.Close(0);
            to.Close(0);
        }
    }
}
