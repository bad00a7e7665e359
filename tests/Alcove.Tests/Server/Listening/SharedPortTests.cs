using System.Net;
using System.Net.Sockets;
using System.Text;
using Alcove.Server.Listening;
using Alcove.Tests.Server.Hosting;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Alcove.Tests.Server.Listening;

public sealed class SharedPortTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory(Timeout = 20_000)]
    [InlineData("http", "1.1", "HTTP/1.1 http")]
    [InlineData("http", "2.0", "HTTP/2 http")]
    [InlineData("https", "1.1", "HTTP/1.1 https")]
    [InlineData("https", "2.0", "HTTP/2 https")]
    public async Task Request_OnEitherPort_IsAnsweredInTheProtocolTheClientSpeaks(string scheme, string version, string expected)
    {
        await using var host = await ListeningHost.StartAsync();

        var api = await host.GetAsync(scheme, Version.Parse(version), ServerPort.Api);
        var traffic = await host.GetAsync(scheme, Version.Parse(version), ServerPort.Traffic);

        Assert.Equal($"Api {expected}", api);
        Assert.Equal($"Traffic {expected}", traffic);
    }

    [Fact(Timeout = 20_000)]
    public async Task Port_Default_ListensOnBothLoopbackAddressesUnderOneNumber()
    {
        await using var host = await ListeningHost.StartAsync();

        foreach (var endPoint in host.EndPointsOf(ServerPort.Traffic))
        {
            Assert.Equal("Traffic HTTP/1.1 http", await host.GetAsync("http", HttpVersion.Version11, ServerPort.Traffic, endPoint: endPoint));
        }

        Assert.Contains(IPAddress.Loopback, host.EndPointsOf(ServerPort.Traffic).Select(endPoint => endPoint.Address));
        Assert.Single(host.EndPointsOf(ServerPort.Traffic).Select(endPoint => endPoint.Port).Distinct());
    }

    [Fact(Timeout = 20_000)]
    public async Task Request_WhileOthersAreSilent_IsNotHeldUp()
    {
        await using var host = await ListeningHost.StartAsync();
        var silent = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => host.ConnectAsync()));
        using var slow = await host.ConnectAsync();
        await slow.SendAsync("PR"u8.ToArray(), Cancellation);

        var answer = await host.GetAsync("http", HttpVersion.Version20, ServerPort.Traffic);

        Assert.Equal("Traffic HTTP/2 http", answer);
        await slow.SendAsync(Encoding.ASCII.GetBytes("OPFIND / HTTP/1.1\r\nHost: a.b\r\nConnection: close\r\n\r\n"), Cancellation);
        Assert.StartsWith("HTTP/1.1 200", await ReadAllAsync(slow));
        Array.ForEach(silent, socket => socket.Dispose());
    }

    [Fact(Timeout = 20_000)]
    public async Task Connection_SilentForTooLong_IsClosed()
    {
        var time = new FakeTimeProvider();
        await using var host = await ListeningHost.StartAsync(options => options with { FirstByteTimeout = TimeSpan.FromSeconds(5) }, time);
        using var silent = await host.ConnectAsync();
        await host.GetAsync("http", HttpVersion.Version11, ServerPort.Traffic);

        time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(string.Empty, await ReadAllAsync(silent));
    }

    [Fact(Timeout = 20_000)]
    public async Task Connection_ClosedWithoutAByte_LeavesTheServerAlone()
    {
        await using var host = await ListeningHost.StartAsync();
        using (var socket = await host.ConnectAsync())
        {
            socket.Shutdown(SocketShutdown.Send);
            Assert.Equal(string.Empty, await ReadAllAsync(socket));
        }

        Assert.Equal("Traffic HTTP/1.1 http", await host.GetAsync("http", HttpVersion.Version11, ServerPort.Traffic));
    }

    [Fact(Timeout = 20_000)]
    public async Task Stop_WithSilentConnections_ClosesThem()
    {
        var host = await ListeningHost.StartAsync();
        using var silent = await host.ConnectAsync();
        await host.GetAsync("http", HttpVersion.Version11, ServerPort.Traffic);

        await host.DisposeAsync();

        Assert.Equal(string.Empty, await ReadAllAsync(silent));
    }

    [Theory(Timeout = 20_000)]
    [InlineData("http", "1.1")]
    [InlineData("http", "2.0")]
    [InlineData("https", "1.1")]
    [InlineData("https", "2.0")]
    public async Task Stop_WithAnAnswerUnderWay_LetsItEnd(string scheme, string version)
    {
        await using var host = await ListeningHost.StartAsync();
        using var client = host.CreateClient(ServerPort.Traffic);
        using var answer = await ListeningHost.SendAsync(client, scheme, Version.Parse(version), "localhost", "/held");

        var stopped = host.StopAsync();
        await Eventually.HoldsAsync(() => IsRefusedAsync(host));
        host.Held.SetResult();

        Assert.Equal(ListeningHost.HeldLength, (await answer.Content.ReadAsStringAsync(Cancellation)).Length);
        client.Dispose();
        await stopped;
    }

    [Theory(Timeout = 20_000)]
    [InlineData("http", "1.1")]
    [InlineData("http", "2.0")]
    [InlineData("https", "1.1")]
    [InlineData("https", "2.0")]
    public async Task Stop_WithAnAnswerThatDoesNotEnd_CutsItAfterTheGrace(string scheme, string version)
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow); // Certificates are looked at by the machine's.
        await using var host = await ListeningHost.StartAsync(time: time);
        using var client = host.CreateClient(ServerPort.Traffic);
        using var answer = await ListeningHost.SendAsync(client, scheme, Version.Parse(version), "localhost", "/held");
        var stopped = host.StopAsync();
        await Eventually.HoldsAsync(() => IsRefusedAsync(host));
        Assert.False(stopped.IsCompleted);

        time.Advance(Drain.Grace);

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => answer.Content.ReadAsStringAsync(Cancellation));
        client.Dispose();
        await stopped;
    }

    [Fact(Timeout = 20_000)]
    public async Task Start_PortTaken_SaysWhichAndBySetting()
    {
        await using var first = await ListeningHost.StartAsync();
        var taken = first.EndPointsOf(ServerPort.Api)[0].Port;

        var e = await Assert.ThrowsAsync<IOException>(() => ListeningHost.StartAsync(options => options with { TrafficPort = taken }));

        Assert.Contains($"127.0.0.1:{taken}", e.Message, StringComparison.Ordinal);
        Assert.Contains("ALCOVE_LISTEN", e.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 20_000)]
    public async Task Start_AddressOfAnotherMachine_IsAnError()
    {
        var e = await Assert.ThrowsAsync<IOException>(() =>
            ListeningHost.StartAsync(options => options with { Addresses = [IPAddress.Parse("192.0.2.77")] }));

        Assert.Contains("192.0.2.77", e.Message, StringComparison.Ordinal);
    }

    private static async Task<bool> IsRefusedAsync(ListeningHost host)
    {
        try
        {
            using var socket = await host.ConnectAsync();
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    /// <returns>What came until the end; a reset is an end too.</returns>
    private static async Task<string> ReadAllAsync(Socket socket)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer, Cancellation) is > 0 and var read)
            {
                text.Append(Encoding.ASCII.GetString(buffer, 0, read));
            }
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
        }

        return text.ToString();
    }
}
