using System.Net;
using System.Net.Sockets;
using Alcove.Envd.Ports;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Alcove.Tests.Envd.Ports;

/// <summary>With another address of this machine standing for the sandbox's own.</summary>
public sealed class PortForwardingTests
{
    private static readonly IPAddress Outside = IPAddress.Parse("127.0.0.77");

    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task Forwarding_ServerOnLoopback_IsReachedFromOutsideUntilItIsGone(string address)
    {
        await using var forwarding = new PortForwarding(_time, Outside);
        forwarding.Start();
        for (var round = 0; round < 2; round++)
        {
            using var server = new TcpListener(IPAddress.Parse(address), 0);
            server.Start();
            var port = ((IPEndPoint)server.LocalEndpoint).Port;
            using var client = await ConnectAsync(port);
            using var accepted = await server.AcceptTcpClientAsync(Cancelled);
            Assert.True(IPAddress.IsLoopback(((IPEndPoint)accepted.Client.RemoteEndPoint!).Address));
            await EchoAsync(client, accepted, "there");
            await EchoAsync(accepted, client, "and back");
            client.Client.Shutdown(SocketShutdown.Send);
            Assert.Equal(0, await accepted.GetStream().ReadAsync(new byte[1], Cancelled));
            accepted.Close();
            server.Stop();
            await RefusedAsync(port);
        }
    }

    [Fact]
    public async Task Forwarding_ServerOnAnotherLoopbackAddress_IsLeftAlone()
    {
        await using var forwarding = new PortForwarding(_time, Outside);
        forwarding.Start();
        using var other = new TcpListener(IPAddress.Loopback, 0);
        using var server = new TcpListener(IPAddress.Parse("127.0.0.2"), 0);
        server.Start();
        other.Start();
        (await ConnectAsync(((IPEndPoint)other.LocalEndpoint).Port)).Dispose();
        var port = ((IPEndPoint)server.LocalEndpoint).Port;
        using var mine = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        mine.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        mine.Bind(new IPEndPoint(Outside, port)); // nothing of the forwarder's is there
    }

    [Fact]
    public async Task Forwarding_PortTakenOutside_ServesTheOthers()
    {
        await using var forwarding = new PortForwarding(_time, Outside);
        using var first = new TcpListener(IPAddress.Loopback, 0);
        using var second = new TcpListener(IPAddress.Loopback, 0);
        first.Start();
        second.Start();
        using var taken = new TcpListener(Outside, ((IPEndPoint)first.LocalEndpoint).Port);
        taken.Start();
        forwarding.Start();
        (await ConnectAsync(((IPEndPoint)second.LocalEndpoint).Port)).Dispose();
        taken.Stop();
        (await ConnectAsync(((IPEndPoint)first.LocalEndpoint).Port)).Dispose();
    }

    [Fact]
    public void OnLoopback_KernelsTables_AreReadAsTheyAre()
    {
        var proc = Directory.CreateTempSubdirectory("alcove-proc-").FullName;
        File.WriteAllText($"{proc}/tcp", """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0 100 0 0 10 0
               1: 00000000:0BB9 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0 100 0 0 10 0
               2: 0200007F:0BBA 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0 100 0 0 10 0
               3: 0100007F:0BBB 0100007F:1234 01 00000000:00000000 00:00000000 00000000  1000        0 1 1 0 100 0 0 10 0

            """);
        Assert.Equal([new LoopbackPort(3000, IPv6: false)], ListeningPorts.OnLoopback(proc));
        File.WriteAllText($"{proc}/tcp6", """
              sl  local_address                         remote_address                        st
               0: 00000000000000000000000001000000:0BBC 00000000000000000000000000000000:0000 0A 0
               1: 00000000000000000000000000000000:0BBD 00000000000000000000000000000000:0000 0A 0

            """);
        Assert.Equal([new LoopbackPort(3000, IPv6: false), new LoopbackPort(3004, IPv6: true)], ListeningPorts.OnLoopback(proc));
        Directory.Delete(proc, recursive: true);
    }

    /// <summary>Lets the forwarder look until it has found the port.</summary>
    private async Task<TcpClient> ConnectAsync(int port)
    {
        while (true)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            var client = new TcpClient();
            try
            {
                await client.ConnectAsync(Outside, port, Cancelled);
                return client;
            }
            catch (SocketException)
            {
                client.Dispose();
            }
        }
    }

    private async Task RefusedAsync(int port)
    {
        while (true)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync(Outside, port, Cancelled);
            }
            catch (SocketException)
            {
                return;
            }
        }
    }

    private static async Task EchoAsync(TcpClient from, TcpClient to, string text)
    {
        await from.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(text), Cancelled);
        var received = new byte[text.Length];
        await to.GetStream().ReadExactlyAsync(received, Cancelled);
        Assert.Equal(text, System.Text.Encoding.ASCII.GetString(received));
    }
}
