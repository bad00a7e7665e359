using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using Alcove.IntegrationTests.Harness;
using Alcove.Protocol.Processes;
using Xunit;

namespace Alcove.IntegrationTests.Faults;

/// <summary>Sandboxes outlive whoever started them.</summary>
public sealed class RestartTests(Installation installation)
{
    private const string Counter = "i=0; while :; do i=$((i+1)); echo $i; sleep 0.05; done";
    private const int Sandboxes = 10;

    [Fact]
    public async Task NodeKilled_NoStreamBreaks()
    {
        await using var herd = await Herd.StartAsync(installation);

        await installation.Node.KillAsync();
        await herd.AdvancesAsync();
        await installation.Node.StartAsync(TestContext.Current.CancellationToken);

        await herd.AdvancesAsync();
        await herd.EchoesAsync();
        await herd.EndsWithoutResidueAsync();
    }

    [Fact]
    public async Task ServerKilled_NoCountIsLost()
    {
        await using var herd = await Herd.StartAsync(installation);
        var before = await herd.CountsAsync();

        await installation.Server.KillAsync();
        await installation.Server.StartAsync(TestContext.Current.CancellationToken);

        var after = await herd.CountsAsync();
        Assert.All(before.Zip(after), pair => Assert.True(pair.Second > pair.First, $"{pair}"));
        await herd.EndsWithoutResidueAsync();
    }

    [Fact]
    public async Task BothStoppedByCtrlC_NoCountIsLost()
    {
        await using var herd = await Herd.StartAsync(installation);
        var before = await herd.CountsAsync();

        await installation.Server.StopAsync("INT");
        await installation.Node.StopAsync("INT");
        await installation.Node.StartAsync(TestContext.Current.CancellationToken);
        await installation.Server.StartAsync(TestContext.Current.CancellationToken);

        var after = await herd.CountsAsync();
        Assert.All(before.Zip(after), pair => Assert.True(pair.Second > pair.First, $"{pair}"));
        await herd.EndsWithoutResidueAsync();
    }

    /// <summary>Ten sandboxes with a counter in a file, one open command stream and one WebSocket each.</summary>
    private sealed class Herd(Member[] members) : IAsyncDisposable
    {
        public static async Task<Herd> StartAsync(Installation installation) =>
            new(await Task.WhenAll(Enumerable.Range(0, Sandboxes).Select(_ => Member.StartAsync(installation))));

        public Task<int[]> CountsAsync() => Task.WhenAll(members.Select(m => m.CountAsync()));

        public Task AdvancesAsync() => Task.WhenAll(members.Select(m => m.AdvancesAsync()));

        public Task EchoesAsync() => Task.WhenAll(members.Select(m => m.EchoesAsync()));

        public async Task EndsWithoutResidueAsync()
        {
            var answers = await Task.WhenAll(members.Select(m => m.Sandbox.KillAsync()));
            Assert.All(answers, answer => Assert.Equal(System.Net.HttpStatusCode.NoContent, answer.StatusCode));
            await Eventually.HoldsAsync(() => Residue.OfAsync([.. members.Select(m => m.Sandbox.Id)]), found => found.Length == 0, TimeSpan.FromSeconds(30));
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var member in members)
            {
                await member.DisposeAsync();
            }
        }
    }

    private sealed class Member(TestSandbox sandbox, IAsyncEnumerator<StartResponse> stream, ClientWebSocket socket) : IAsyncDisposable
    {
        private const string EchoServer = """
            import hashlib,base64,socketserver
            class H(socketserver.StreamRequestHandler):
                def handle(self):
                    key=None
                    while (line:=self.rfile.readline().strip()):
                        if line.lower().startswith(b'sec-websocket-key:'): key=line.split(b':')[1].strip()
                    accept=base64.b64encode(hashlib.sha1(key+b'258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest())
                    self.wfile.write(b'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: '+accept+b'\r\n\r\n')
                    while (head:=self.rfile.read(2)):
                        n=head[1]&127; mask=self.rfile.read(4); body=bytes(b^mask[i%4] for i,b in enumerate(self.rfile.read(n)))
                        self.wfile.write(bytes([0x81,n])+body)
            class S(socketserver.ThreadingTCPServer): allow_reuse_address=True
            S(('0.0.0.0',8000),H).serve_forever()
            """;

        public TestSandbox Sandbox => sandbox;

        public static async Task<Member> StartAsync(Installation installation)
        {
            var sandbox = await TestSandbox.CreateAsync(installation.Api);
            var server = Convert.ToBase64String(Encoding.UTF8.GetBytes(EchoServer));
            await sandbox.RunAsync($"echo {server} | base64 -d > ws.py; (setsid python3 ws.py >/dev/null 2>&1 &); (setsid bash -c '{Counter.Replace("echo $i", "echo $i > count.new; mv count.new count")}' >/dev/null 2>&1 &)");
            var stream = sandbox.StartAsync(Counter, "user", CancellationToken.None).GetAsyncEnumerator();
            await stream.MoveNextAsync();
            return new Member(sandbox, stream, await ConnectAsync(sandbox));
        }

        /// <summary>The counter in the file, from a new command.</summary>
        public async Task<int> CountAsync()
        {
            var text = await Eventually.HoldsAsync(async () => (await sandbox.RunAsync("cat count")).Output.Trim(), seen => seen.Length > 0, TimeSpan.FromSeconds(10));
            return int.Parse(text, CultureInfo.InvariantCulture);
        }

        /// <summary>The open stream goes on, with what comes from now on.</summary>
        public async Task AdvancesAsync()
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            for (var i = 0; i < 20; i++)
            {
                Assert.True(await stream.MoveNextAsync().AsTask().WaitAsync(patience.Token), "the stream ended");
                Assert.Null(stream.Current.Event.End);
            }
        }

        /// <summary>The open WebSocket still answers.</summary>
        public async Task EchoesAsync()
        {
            await socket.SendAsync("ping"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
            var buffer = new byte[64];
            var answer = await socket.ReceiveAsync(buffer, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(10));
            Assert.Equal("ping", Encoding.UTF8.GetString(buffer, 0, answer.Count));
        }

        public async ValueTask DisposeAsync()
        {
            await sandbox.DisposeAsync();
            socket.Dispose();
        }

        private static Task<ClientWebSocket> ConnectAsync(TestSandbox sandbox) => Eventually.HoldsAsync(
            async () =>
            {
                var socket = new ClientWebSocket();
                socket.Options.SetRequestHeader("E2b-Sandbox-Id", sandbox.Id);
                socket.Options.SetRequestHeader("E2b-Sandbox-Port", "8000");
                try
                {
                    await socket.ConnectAsync(new Uri("ws://localhost:3002/"), CancellationToken.None);
                }
                catch (WebSocketException)
                {
                    socket.Dispose();
                    return new ClientWebSocket();
                }

                return socket;
            },
            socket => socket.State == WebSocketState.Open,
            TimeSpan.FromSeconds(20));
    }
}
