using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace Alcove.Tests.Server.Edge;

/// <summary>A server inside a sandbox, played by hand: a test takes its connections, reads what came and writes what goes back.</summary>
internal sealed class ScriptedSandbox : IDisposable
{
    private readonly TcpListener _listener;

    public ScriptedSandbox(int port = 0)
    {
        _listener = new TcpListener(EdgeHost.NewSlot(), port);
        _listener.Start();
    }

    public IPAddress Address => ((IPEndPoint)_listener.LocalEndpoint).Address;

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public bool HasPending => _listener.Pending();

    public async Task<ScriptedConnection> AcceptAsync() => new(await _listener.AcceptSocketAsync(TestContext.Current.CancellationToken));

    /// <summary>Answers one request on one connection and returns the request's head.</summary>
    public async Task<string> AnswerAsync(string response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    {
        using var connection = await AcceptAsync();
        var head = await connection.ReadHeadAsync();
        await connection.WriteAsync(response);
        await connection.ReadToEndAsync();
        return head;
    }

    public void Dispose() => _listener.Dispose();
}

/// <summary>One connection into a <see cref="ScriptedSandbox"/>, or any other socket to play by hand.</summary>
internal sealed class ScriptedConnection(Socket socket) : IDisposable
{
    private readonly byte[] _buffer = new byte[64 << 10];
    private string _read = string.Empty;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async Task<string> ReadHeadAsync() => await ReadThroughAsync("\r\n\r\n");

    /// <summary>Reads up to and with <paramref name="end"/>; what came after it stays for the next read.</summary>
    public async Task<string> ReadThroughAsync(string end)
    {
        int at;
        while ((at = _read.IndexOf(end, StringComparison.Ordinal)) < 0)
        {
            var count = await socket.ReceiveAsync(_buffer, Cancellation);
            Assert.True(count > 0, $"closed before '{end}'; came: '{_read}'");
            _read += Encoding.Latin1.GetString(_buffer, 0, count);
        }

        var text = _read[..(at + end.Length)];
        _read = _read[(at + end.Length)..];
        return text;
    }

    /// <summary>What comes until the other side closes.</summary>
    public async Task<string> ReadToEndAsync()
    {
        try
        {
            while (await socket.ReceiveAsync(_buffer, Cancellation) is > 0 and var count)
            {
                _read += Encoding.Latin1.GetString(_buffer, 0, count);
            }
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            WasReset = true;
        }

        return _read;
    }

    public bool WasReset { get; private set; }

    public async Task WriteAsync(string text) => await socket.SendAsync(Encoding.Latin1.GetBytes(text), Cancellation);

    /// <summary>Takes <paramref name="length"/> bytes, what has been read included.</summary>
    public async Task SinkAsync(long length)
    {
        length -= _read.Length;
        while (length > 0 && await socket.ReceiveAsync(_buffer, Cancellation) is > 0 and var count)
        {
            length -= count;
        }
    }

    /// <summary>Says that no more will come.</summary>
    public void Finish() => socket.Shutdown(SocketShutdown.Send);

    public void Dispose() => socket.Dispose();
}
