using System.Diagnostics;
using System.Net;
using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Isolation;

/// <summary>Whom a sandbox asks for names: 8.8.8.8, as far as it knows; the host's own resolver, where the host has one that is reached over a network.</summary>
public sealed class NameResolutionTests(Installation installation)
{
    private const string Fallback = "8.8.8.8";

    /// <summary>Asks 8.8.8.8 for the address of a name, over UDP and over TCP, and prints what it is told.</summary>
    private const string Ask = """
        import socket,struct
        question=struct.pack('>HHHHHH',7,0x100,1,0,0,0)+b'\x05where\x04test\x00'+struct.pack('>HH',1,1)
        def address(answer): return socket.inet_ntoa(answer[-4:])
        u=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); u.settimeout(10)
        try: u.sendto(question,('8.8.8.8',53)); print(address(u.recv(512)))
        except OSError as e: print('silent')
        t=socket.socket(); t.settimeout(10)
        try: t.connect(('8.8.8.8',53)); t.sendall(struct.pack('>H',len(question))+question); f=t.makefile('rb'); print(address(f.read(struct.unpack('>H',f.read(2))[0])))
        except OSError as e: print('silent')
        """;

    /// <summary>A resolver that answers every question with the address that it was asked at.</summary>
    private const string Resolver = """
        import socket,struct,sys,threading
        def answer(question,address): return question[:2]+struct.pack('>HHHHH',0x8180,1,1,0,0)+question[12:]+struct.pack('>HHHIH',0xc00c,1,1,60,4)+socket.inet_aton(address)
        def udp(address):
            s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.bind((address,53)); ready.release()
            while True: question,who=s.recvfrom(512); s.sendto(answer(question,address),who)
        def tcp(address):
            s=socket.socket(); s.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1); s.bind((address,53)); s.listen(); ready.release()
            while True:
                c,_=s.accept(); f=c.makefile('rb'); question=f.read(struct.unpack('>H',f.read(2))[0]); a=answer(question,address); c.sendall(struct.pack('>H',len(a))+a); c.close()
        ready=threading.Semaphore(0)
        for address in sys.argv[1:]:
            for serve in (udp,tcp): threading.Thread(target=serve,args=(address,),daemon=True).start(); ready.acquire()
        print('listening',flush=True); sys.stdin.read()
        """;

    [Fact]
    public async Task Port53_IsAnsweredByTheHostsResolver_OverBothProtocols()
    {
        var expected = ResolverOfTheHost() ?? Fallback;
        await using var resolver = await OutsideResolver.StartAsync(installation.Lab, [.. new[] { expected, Fallback }.Distinct()]);
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);

        var told = await sandbox.RunAsync($"python3 -c \"$(echo {Encode(Ask)} | base64 -d)\"; cat /etc/resolv.conf; python3 -c 'import socket; print(socket.gethostbyname(\"where.test\"))'");

        Assert.Equal($"{expected}\n{expected}\nnameserver 8.8.8.8\n{expected}\n", told.Output);
    }

    [Fact]
    public async Task Port53_OfASandboxWithoutInternet_IsClosedToo()
    {
        await using var resolver = await OutsideResolver.StartAsync(installation.Lab, [.. new[] { ResolverOfTheHost() ?? Fallback, Fallback }.Distinct()]);
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api, new { allow_internet_access = false });

        var told = await sandbox.RunAsync($"python3 -c \"$(echo {Encode(Ask.Replace("settimeout(10)", "settimeout(1.5)", StringComparison.Ordinal))} | base64 -d)\"");

        Assert.Equal("silent\nsilent\n", told.Output);
    }

    private static string Encode(string text) => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>What the host's own files say: the first server that is not the host itself.</summary>
    private static string? ResolverOfTheHost() => ((string[])["/run/systemd/resolve/resolv.conf", "/etc/resolv.conf"]).Where(File.Exists)
        .Select(file => File.ReadLines(file).Select(line => line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)).Where(words => words is ["nameserver", _, ..]).Select(words => words[1])
            .FirstOrDefault(text => IPAddress.TryParse(text, out var address) && address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork && !IPAddress.IsLoopback(address)))
        .FirstOrDefault(found => found is not null);

    /// <summary>The resolver, out there at addresses of its own.</summary>
    private sealed class OutsideResolver(Process process, Lab lab, string[] added) : IAsyncDisposable
    {
        public static async Task<OutsideResolver> StartAsync(Lab lab, string[] addresses)
        {
            var added = addresses.Where(address => address != Fallback).ToArray();
            foreach (var address in added)
            {
                await RunAsync(lab, "ip", "addr", "replace", $"{address}/32", "dev", "eth0");
            }

            var words = lab.Outside(["python3", "-c", Resolver, .. addresses]);
            var process = Process.Start(new ProcessStartInfo(words[0], words[1..]) { RedirectStandardOutput = true, RedirectStandardInput = true })!;
            Assert.Equal("listening", await process.StandardOutput.ReadLineAsync());
            return new OutsideResolver(process, lab, added);
        }

        public async ValueTask DisposeAsync()
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
            foreach (var address in added)
            {
                await RunAsync(lab, "ip", "addr", "del", $"{address}/32", "dev", "eth0");
            }
        }

        private static async Task RunAsync(Lab lab, params string[] command)
        {
            var words = lab.Outside(command);
            (await Command.RunAsync(words[0], words[1..])).Succeeded();
        }
    }
}
