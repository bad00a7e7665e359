using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Isolation;

/// <summary>What a sandbox can reach, and what it must not.</summary>
public sealed class NetworkIsolationTests(Installation installation)
{
    /// <summary>Prints `open`, `refused` or `silent` for a TCP connection.</summary>
    private const string Probe = """
        import socket,sys
        for target in sys.argv[1:]:
            host,port=target.rsplit(':',1)
            s=socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET); s.settimeout(1.5)
            try: s.connect((host,int(port))); print(target,'open')
            except ConnectionRefusedError: print(target,'refused')
            except OSError as e: print(target,'silent')
        """;

    [Fact]
    public async Task Internet_IsReached_ThroughNat()
    {
        await using var server = await OutsideServer.StartAsync(installation.Lab, Lab.Internet, 8080);
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);

        var answer = await sandbox.RunAsync($"curl -s -m 5 http://{Lab.Internet}:8080/peer");

        Assert.Equal(Lab.Host, answer.Output.Trim());
    }

    [Fact]
    public async Task Internet_IsClosed_WhenNotAllowed()
    {
        await using var server = await OutsideServer.StartAsync(installation.Lab, Lab.Internet, 8080);
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api, new { allow_internet_access = false });

        var answer = await sandbox.RunAsync($"curl -s -m 3 http://{Lab.Internet}:8080/peer; echo $?");

        Assert.Equal("28", answer.Output.Trim());
    }

    [Fact]
    public async Task HostAddresses_OtherSlots_AndPrivateRanges_AreOutOfReach()
    {
        await using var neighbour = await TestSandbox.CreateAsync(installation.Api);
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await using var server = await OutsideServer.StartAsync(installation.Lab, Lab.Private, 8080);
        var hostAddresses = (await Command.ShellAsync("ip -4 -o addr show | awk '{print $4}' | cut -d/ -f1 | sort -u")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var slots = (await Command.ShellAsync("ip -4 route | awk '/^10\\.11\\./ {print $1}'")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(s => s.Split('/')[0]);

        string[] targets =
        [
            .. hostAddresses.Where(a => a != "127.0.0.1").SelectMany(a => (string[])[$"{a}:3000", $"{a}:3002", $"{a}:22"]),
            "169.254.0.22:3000", "169.254.169.254:80", $"{Lab.Private}:8080", "10.0.0.1:80", "172.16.0.1:80", "100.64.0.1:80",
            .. slots.Take(10).Select(a => $"{a}:49983"),
        ];
        var result = await sandbox.RunAsync($"python3 -c \"$(echo {Encode(Probe)} | base64 -d)\" {string.Join(' ', targets.Distinct())}", "root", TimeSpan.FromMinutes(3));

        var lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(targets.Distinct().Count(), lines.Length);
        Assert.DoesNotContain(lines, line => line.EndsWith("open", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Ipv6LinkLocal_ReachesNobody()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);

        var result = await sandbox.RunAsync("ip -6 addr show dev eth0 | grep -c inet6; ping -6 -c 1 -W 1 ff02::1%eth0 2>&1 | grep -c 'bytes from'", "root");

        Assert.Equal("0\n0\n", result.Output);
    }

    [Fact]
    public async Task Ipv6Addresses_OfTheHost_AreOutOfReach_AlsoForRoot()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        var host = (await Command.ShellAsync("ip -6 -o addr show | awk '{print $4}' | cut -d/ -f1 | sort -u")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(address => address != "::1").ToArray();

        // Those that a link would have if it had any are tried too.
        string[] targets = [.. host.Append("fe80::1").Append("fe80::2").Append("ff02::1").SelectMany(address => (string[])[$"{address}%eth0:3000", $"{address}%eth0:3002"])];
        var result = await sandbox.RunAsync(
            $"ip -6 addr add fe80::21/64 dev eth0 2>/dev/null && echo added; echo 0 2>/dev/null >/proc/sys/net/ipv6/conf/eth0/disable_ipv6 && echo enabled; python3 -c \"$(echo {Encode(Probe)} | base64 -d)\" {string.Join(' ', targets)}", "root", TimeSpan.FromMinutes(2));

        Assert.DoesNotContain("added", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("enabled", result.Output, StringComparison.Ordinal);
        Assert.Equal(targets.Select(target => $"{target} silent"), result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Datagrams_ToTheHost_GoNowhere()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        var addresses = (await Command.ShellAsync("ip -4 -o addr show | awk '{print $4}' | cut -d/ -f1 | sort -u")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(a => a != "127.0.0.1").ToArray();
        const string Listen = """
            import socket,sys
            s=[socket.socket(socket.AF_INET,socket.SOCK_DGRAM) for _ in sys.argv[1:]]
            for one,address in zip(s,sys.argv[1:]): one.bind((address,5353)); one.settimeout(2)
            print('listening',flush=True); sys.stdin.readline()
            for one,address in zip(s,sys.argv[1:]):
                try: one.recv(10); print(address)
                except OSError: pass
            print('end',flush=True)
            """;
        using var listener = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("python3", ["-c", Listen, .. addresses]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        Assert.Equal("listening", await listener.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));

        await sandbox.RunAsync($"python3 -c 'import socket,sys; s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); [s.sendto(b\"x\",(a,5353)) for a in sys.argv[1:]]' {string.Join(' ', addresses)} 169.254.0.22");
        await listener.StandardInput.WriteLineAsync("now");

        Assert.Equal("end", await listener.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        await listener.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task ForgedSourceAddresses_GoNowhere()
    {
        await using var server = await OutsideServer.StartAsync(installation.Lab, Lab.Internet, 8080);
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);

        var result = await sandbox.RunAsync("ip addr add 10.99.0.1/32 dev eth0 2>&1; echo $?", "root");

        Assert.NotEqual("0", result.Output.Trim().Split('\n')[^1]);
    }

    private static string Encode(string text) => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>A server out there that answers with the address it sees.</summary>
    private sealed class OutsideServer(System.Diagnostics.Process process) : IAsyncDisposable
    {
        private const string Source = """
            import http.server,sys
            class H(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    body=self.client_address[0].encode(); self.send_response(200); self.send_header('content-length',str(len(body))); self.end_headers(); self.wfile.write(body)
                def log_message(self,*a): pass
            class S(http.server.ThreadingHTTPServer):
                def server_bind(self): __import__('socketserver').TCPServer.server_bind(self)
            s=S((sys.argv[1],int(sys.argv[2])),H); s.server_name,s.server_port=sys.argv[1],int(sys.argv[2]); print('listening',flush=True); s.serve_forever()
            """;

        public static async Task<OutsideServer> StartAsync(Lab lab, string address, int port)
        {
            var words = lab.Outside("python3", "-c", Source, address, $"{port}");
            var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(words[0], words[1..]) { RedirectStandardOutput = true })!;
            Assert.Equal("listening", await process.StandardOutput.ReadLineAsync());
            return new OutsideServer(process);
        }

        public async ValueTask DisposeAsync()
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }
}
