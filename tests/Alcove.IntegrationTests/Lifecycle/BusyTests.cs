using System.Globalization;
using System.Net;
using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Lifecycle;

/// <summary>Sandboxes that are busy as they are put away: each pauses, and goes on where it was.</summary>
public sealed class BusyTests(Installation installation)
{
    /// <summary>How often a load is put away and taken up; more of it in <c>make test-durability</c>.</summary>
    private static readonly int Pauses = int.Parse(Environment.GetEnvironmentVariable("ALCOVE_TEST_ROUNDS") ?? "2", CultureInfo.InvariantCulture);

    [Fact]
    public async Task ForkLoop_FiftyPauses_NoneFails_AndNoneStandsStillForASecond()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await sandbox.OutputAsync("nohup sh -c 'while :; do /bin/true; done' >/dev/null 2>&1 & nohup bash -c 'while :; do /bin/true; echo $((i++)) > steps; done' >/dev/null 2>&1 &");

        for (var pause = 0; pause < 50; pause++)
        {
            await sandbox.PauseAsync();
            await sandbox.ResumeAsync();
        }

        await AdvancesAsync(sandbox, "cat steps");
        var stood = StoodStill(sandbox.Id);
        Assert.Equal(50, stood.Length);
        Assert.InRange(stood.Max(), 0, 1000);
    }

    [Fact]
    public async Task LocksAndUnlinkedFiles_AllSurvive()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await StartAsync(sandbox, """
            import fcntl, os, time
            os.makedirs('/home/user/locks', exist_ok=True)
            locked = [open(f'/home/user/locks/{i}', 'w+') for i in range(200)]
            for i, file in enumerate(locked):
                (fcntl.flock if i % 2 else fcntl.lockf)(file, fcntl.LOCK_EX)
            unlinked = []
            for i in range(200):
                file = open(f'/home/user/locks/gone{i}', 'w+')
                file.write(f'content {i}'); file.flush(); os.unlink(file.name)
                unlinked.append(file)
            n = 0
            while True:
                for i, file in enumerate(unlinked):
                    assert os.pread(file.fileno(), 100, 0) == f'content {i}'.encode()
                n += 1
                open('/home/user/steps.new', 'w').write(str(n)); os.rename('/home/user/steps.new', '/home/user/steps')
                time.sleep(0.01)
            """);
        const string Probe = """
            python3 - <<'PY'
            import fcntl
            held = 0
            for i in range(200):
                file = open(f'/home/user/locks/{i}', 'r+')
                try: (fcntl.flock if i % 2 else fcntl.lockf)(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError: held += 1
            print(held)
            PY
            """;
        await AdvancesAsync(sandbox, "cat steps");
        Assert.Equal("200", await sandbox.OutputAsync(Probe));

        for (var pause = 0; pause < Pauses; pause++)
        {
            await sandbox.PauseAsync();
            await sandbox.ResumeAsync();
            await AdvancesAsync(sandbox, "cat steps");
            Assert.Equal("200\n", await sandbox.OutputAsync($"{Probe}\ncat work.err") + "\n");
        }
    }

    [Fact]
    public async Task Compile_GoesOn_AndItsProductRuns()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await sandbox.OutputAsync("""
            mkdir -p build && cd build
            for i in $(seq 40); do { for f in $(seq 300); do echo "int f${i}_$f(int x) { int s = x; for (int i = 0; i < x; i++) s += i * $f % 7; return s; }"; done; } > f$i.c; done
            { for i in $(seq 40); do echo "int f${i}_1(int);"; done; echo 'int printf(const char *, ...); int main(void) { int s = 0;'; for i in $(seq 40); do echo "s += f${i}_1(10);"; done; echo 'printf("%d\n", s); return 0; }'; } > main.c
            printf 'all: prog\nprog: main.o %s\n\tgcc -o $@ $^\n%%.o: %%.c\n\tgcc -O2 -c -o $@ $<\n' "$(seq -f 'f%g.o' -s ' ' 40)" > Makefile
            nohup sh -c 'make -j3 > log 2>&1; echo $? > done' >/dev/null 2>&1 &
            """);
        await Eventually.TrueAsync(async () => await sandbox.OutputAsync("ls build/*.o 2>/dev/null | wc -l") != "0", TimeSpan.FromSeconds(20));

        for (var pause = 0; pause < Pauses + 1; pause++)
        {
            await sandbox.PauseAsync();
            await sandbox.ResumeAsync();
        }

        Assert.Equal("0", await Eventually.HoldsAsync(() => sandbox.OutputAsync("cat build/done 2>/dev/null || true"), said => said.Length > 0, TimeSpan.FromSeconds(120)));
        Assert.Matches("^[0-9]+$", await sandbox.OutputAsync("build/prog"));
    }

    [Fact]
    public async Task ProcessTreeLikeABrowsers_GoesOn()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await StartAsync(sandbox, """
            import mmap, os, socket, threading, time
            from multiprocessing import shared_memory
            shared = shared_memory.SharedMemory(create=True, size=8 << 20)
            board = mmap.mmap(-1, 4096)
            memory = os.memfd_create('frame')
            os.ftruncate(memory, 4 << 20)
            def renderer(number, channel):
                frame = mmap.mmap(memory, 4 << 20)
                event, stop = threading.Condition(), False
                def paint(at):
                    while True:
                        with event: event.wait(0.5)
                        frame[number * 64 + at] = (frame[number * 64 + at] + 1) % 256
                        shared.buf[number] = (shared.buf[number] + 1) % 256
                for at in range(6):
                    threading.Thread(target=paint, args=(at,), daemon=True).start()
                while True:
                    message, files, _, _ = socket.recv_fds(channel, 100, 1)
                    for file in files: os.close(file)
                    with event: event.notify_all()
                    channel.send(b'did ' + message)
            channels = []
            for number in range(8):
                ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                if os.fork() == 0:
                    renderer(number, theirs)
                channels.append(ours)
            n = 0
            while True:
                for number, channel in enumerate(channels):
                    reader, writer = os.pipe()
                    message = f'{n} {number}'.encode()
                    socket.send_fds(channel, [message], [reader])
                    os.close(reader); os.close(writer)
                for number, channel in enumerate(channels):
                    assert channel.recv(100) == f'did {n} {number}'.encode()
                n += 1
                open('/home/user/steps.new', 'w').write(str(n)); os.rename('/home/user/steps.new', '/home/user/steps')
                time.sleep(0.002)
            """);
        await AdvancesAsync(sandbox, "cat steps");

        for (var pause = 0; pause < Pauses; pause++)
        {
            await sandbox.PauseAsync();
            await sandbox.ResumeAsync();
            await AdvancesAsync(sandbox, "cat steps");
        }

        Assert.Equal("9", await sandbox.OutputAsync("pgrep -fc '^python3 .*work.py'; cat work.err"));
    }

    [Fact]
    public async Task OpenDownload_IsReset_AndTheServerServesAgain()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await sandbox.OutputAsync("truncate -s 4G large; nohup python3 -m http.server 8000 >/dev/null 2>&1 & until curl -s -o /dev/null -r 0-1 -I localhost:8000/large; do sleep 0.05; done");
        using var client = new HttpClient { BaseAddress = new Uri(Installation.SandboxUrl), Timeout = Timeout.InfiniteTimeSpan };
        sandbox.Address(client.DefaultRequestHeaders, 8000);

        for (var pause = 0; pause < Pauses; pause++)
        {
            using var download = await client.GetAsync("/large", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            await using var body = await download.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
            await body.ReadExactlyAsync(new byte[1 << 20], TestContext.Current.CancellationToken);
            var rest = body.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);

            await sandbox.PauseAsync();
            await Assert.ThrowsAnyAsync<Exception>(() => rest.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
            Assert.True(rest.IsFaulted, "the download neither went on nor ended");
            await sandbox.ResumeAsync();

            using var again = await client.GetAsync("/large", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        }
    }

    /// <summary>What is under way on a netlink socket, as of everybody who looks a name up, or to a Unix socket's server that has not accepted yet, cannot be written down: the next moment can.</summary>
    [Fact]
    public async Task MessagesUnderWay_PausesFindAMomentWithoutThem()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await StartAsync(sandbox, """
            import os, socket
            server = socket.socket(socket.AF_UNIX); server.bind('/home/user/socket'); server.listen(50)
            if os.fork() == 0:
                while True:
                    connection, _ = server.accept()
                    connection.sendall(connection.recv(10)); connection.close()
            server.close()
            if os.fork() == 0:
                while True: socket.getaddrinfo('localhost', 80)
            for client in range(2):
                if os.fork() == 0: break
            n = 0
            while True:
                connection = socket.socket(socket.AF_UNIX); connection.connect('/home/user/socket')
                connection.send(b'early')
                assert connection.recv(10) == b'early'
                connection.close()
                n += 1
                open(f'/home/user/steps.{os.getpid()}', 'w').write(str(n)); os.rename(f'/home/user/steps.{os.getpid()}', '/home/user/steps')
            """);
        await AdvancesAsync(sandbox, "cat steps");

        for (var pause = 0; pause < 8; pause++)
        {
            await sandbox.PauseAsync();
            await sandbox.ResumeAsync();
        }

        await AdvancesAsync(sandbox, "cat steps");
        Assert.Equal("5", await sandbox.OutputAsync("pgrep -fc '^python3 .*work.py'; cat work.err"));
    }

    /// <summary>Runs a program of the test's for as long as the sandbox lives; what it complains of is in <c>work.err</c>.</summary>
    private static async Task StartAsync(TestSandbox sandbox, string program) =>
        await sandbox.OutputAsync($"cat > work.py <<'PY'\n{program}\nPY\nnohup python3 work.py >/dev/null 2>work.err &");

    private static async Task AdvancesAsync(TestSandbox sandbox, string read)
    {
        var before = await Eventually.HoldsAsync(() => StepsAsync(sandbox, read), steps => steps >= 0, TimeSpan.FromSeconds(20));
        await Eventually.HoldsAsync(() => StepsAsync(sandbox, read), steps => steps > before, TimeSpan.FromSeconds(20));
    }

    private static async Task<long> StepsAsync(TestSandbox sandbox, string read) =>
        long.TryParse((await sandbox.RunAsync(read)).Output, NumberStyles.Integer, CultureInfo.InvariantCulture, out var steps) ? steps : -1;

    /// <summary>Milliseconds from the first attempt to stop it until it was captured, of each pause, as the node notes them.</summary>
    private static double[] StoodStill(string id)
    {
        var mark = $"Sandbox {id} captured: it stood still for ";
        return [.. File.ReadLines(Path.Combine(TestHome.Path, "logs", "node.log")).Where(line => line.Contains(mark, StringComparison.Ordinal))
            .Select(line => double.Parse(line[(line.IndexOf(mark, StringComparison.Ordinal) + mark.Length)..].Split(' ')[0], CultureInfo.InvariantCulture))];
    }
}
