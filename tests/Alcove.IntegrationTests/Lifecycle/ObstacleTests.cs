using System.Net;
using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Lifecycle;

/// <summary>What criu cannot write down: the pause says which process and why, the sandbox runs on, and can be paused once it is gone.</summary>
public sealed class ObstacleTests(Installation installation)
{
    private const string Traced = """
        import ctypes, os, time
        libc = ctypes.CDLL(None, use_errno=True)
        child = os.fork()
        if child == 0:
            time.sleep(1000)
        assert libc.ptrace(0x4206, child, 0, 0) == 0, os.strerror(ctypes.get_errno())
        ready(child)
        time.sleep(1000)
        """;

    private const string Queue = """
        import ctypes, os, time
        queue = ctypes.CDLL('librt.so.1', use_errno=True).mq_open(b'/queue', os.O_CREAT | os.O_RDWR, 0o600, None)
        assert queue >= 0, os.strerror(ctypes.get_errno())
        ready()
        time.sleep(1000)
        """;

    private const string DeletedDirectory = """
        import os, subprocess, time
        os.chdir('/usr/share/doc/bash')
        subprocess.run(['sudo', 'rm', '-rf', '/usr/share/doc/bash'], check=True)
        ready()
        time.sleep(1000)
        """;

    private const string TracedThread = """
        import ctypes, os, threading, time
        libc = ctypes.CDLL(None, use_errno=True)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            threading.Thread(target=lambda: (os.write(writer, str(threading.get_native_id()).encode()), time.sleep(1000))).start()
            time.sleep(1000)
        assert libc.ptrace(0x4206, int(os.read(reader, 10)), 0, 0) == 0, os.strerror(ctypes.get_errno())
        ready(child)
        time.sleep(1000)
        """;

    private const string Headless = """
        import ctypes, os, platform, threading, time
        child = os.fork()
        if child == 0:
            threading.Thread(target=time.sleep, args=(1000,)).start()
            ctypes.CDLL(None).syscall(60 if platform.machine() == 'x86_64' else 93, 0)
        while open(f'/proc/{child}/stat').read().rsplit(')', 1)[1].split()[0] != 'Z':
            time.sleep(0.01)
        ready(child)
        time.sleep(1000)
        """;

    private const string ClosedButAwaited = """
        import os, select, time
        waits, (reader, writer) = select.epoll(), os.pipe()
        waits.register(reader)
        if os.fork() == 0:
            waits.close()
            time.sleep(1000)
        os.close(reader)
        ready()
        time.sleep(1000)
        """;

    private const string FilesUpToTheLimit = """
        import os, resource, time
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            files = [open('/etc/passwd') for _ in range(20)]
            resource.setrlimit(resource.RLIMIT_NOFILE, (10, 10))
            os.write(writer, b'1')
            time.sleep(1000)
        os.read(reader, 1)
        ready(child)
        time.sleep(1000)
        """;

    private const string DeletedWatchedDirectory = """
        import ctypes, os, time
        libc = ctypes.CDLL(None, use_errno=True)
        os.mkdir('/home/user/watched')
        held, watch = os.open('/home/user/watched', os.O_RDONLY), libc.inotify_init()
        assert libc.inotify_add_watch(watch, b'/home/user/watched', 0xfff) > 0, os.strerror(ctypes.get_errno())
        os.rmdir('/home/user/watched')
        ready()
        time.sleep(1000)
        """;

    public static TheoryData<string, string, string, string> Obstacles => new()
    {
        { "thread", TracedThread, "pkill -f [o]bstacle.py", "process python3 (INNER): it is being traced by python3 (" },
        { "headless", Headless, "kill -9 $(cat headless); pkill -f [o]bstacle.py", "process python3 (INNER): its first thread has ended while others go on" },
        { "epoll", ClosedButAwaited, "pkill -f [o]bstacle.py", "process python3 (INNER): it waits with epoll(7) for a file that it has closed" },
        { "files", FilesUpToTheLimit, "pkill -f [o]bstacle.py", "process python3 (INNER): it has as many files open as it may" },
        { "watched", DeletedWatchedDirectory, "pkill -f [o]bstacle.py", "process python3 (INNER): it watches a directory that was deleted" },
        { "traced", Traced, "pkill -f [o]bstacle.py", "process python3 (INNER): it is being traced by python3 (" },
        { "queue", Queue, "pkill -f [o]bstacle.py; python3 -c \"import ctypes; ctypes.CDLL('librt.so.1').mq_unlink(b'/queue')\"", "process python3 (INNER): its file descriptor 3 is /queue of a file system that cannot be written down, such as that of POSIX message queues" },
        { "directory", DeletedDirectory, "pkill -f [o]bstacle.py", "process python3 (INNER): it uses /usr/share/doc/bash of the template, which was deleted" },
    };

    [Theory]
    [MemberData(nameof(Obstacles))]
    public async Task Pause_WithAnObstacle_Is503_NamesIt_AndItRunsOn(string name, string program, string remove, string reason)
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await sandbox.OutputAsync($"cat > obstacle.py <<'PY'\nimport os\ndef ready(number=os.getpid()):\n    open('/home/user/new', 'w').write(str(number)); os.rename('/home/user/new', '/home/user/{name}')\n{program}\nPY\nnohup python3 obstacle.py >/dev/null 2>obstacle.err & until [ -e {name} ]; do [ ! -s obstacle.err ] || {{ cat obstacle.err; exit 1; }}; sleep 0.02; done");

        var number = await sandbox.OutputAsync($"cat {name}");
        foreach (var verb in (string[])["pause", "snapshots", "fork"])
        {
            var (status, body, _) = await PauseTests.SendAsync(sandbox.Id, verb, "{}");
            Assert.Equal((verb, HttpStatusCode.ServiceUnavailable), (verb, status));
            var message = (string)body!["message"]!;
            Assert.Contains(reason.Replace("INNER", number, StringComparison.Ordinal), message, StringComparison.Ordinal);
            Assert.DoesNotContain(TestHome.Path, message, StringComparison.Ordinal);
        }

        Assert.Equal("running", (string)(await sandbox.DetailAsync())["state"]!);
        Assert.Equal("up", await sandbox.OutputAsync("pgrep -f '[o]bstacle.py' >/dev/null && echo up"));

        await sandbox.RunAsync(remove);
        await Eventually.HoldsAsync(async () => (await sandbox.RunAsync("pgrep -fc '^python3 [o]bstacle.py'")).Output.Trim(), left => left == "0", TimeSpan.FromSeconds(10));
        await sandbox.PauseAsync();
        await sandbox.ResumeAsync();
        Assert.Equal("up", await sandbox.OutputAsync("echo up"));
    }

    [Fact]
    public async Task Pause_WithAQueueThatNobodyHasOpen_Is503_AndItRunsOn()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await sandbox.OutputAsync("python3 -c \"import ctypes, os; ctypes.CDLL('librt.so.1').mq_open(b'/queue', os.O_CREAT | os.O_RDWR, 0o600, None)\"");

        var (status, body, _) = await PauseTests.SendAsync(sandbox.Id, "pause");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("a POSIX message queue exists", (string)body!["message"]!, StringComparison.Ordinal);

        await sandbox.OutputAsync("python3 -c \"import ctypes; ctypes.CDLL('librt.so.1').mq_unlink(b'/queue')\"");
        await sandbox.PauseAsync();
    }

    /// <summary>What is told of as difficult, and is not.</summary>
    [Theory]
    [InlineData("program replaced", "sudo cp /usr/bin/sleep /usr/bin/sleep.new; nohup sleep 1000 >/dev/null 2>&1 & runs sleep; sudo mv /usr/bin/sleep.new /usr/bin/sleep")]
    [InlineData("program deleted", "nohup tac >/dev/null 2>&1 < <(sleep 1000) & runs tac; sudo rm /usr/bin/tac")]
    [InlineData("file of the template deleted", "nohup sh -c 'exec sleep 1000 3</etc/issue' >/dev/null 2>&1 & runs sleep; sudo rm /etc/issue")]
    [InlineData("own working directory deleted", "mkdir gone; cd gone; nohup sleep 1000 >/dev/null 2>&1 & runs sleep; rmdir ../gone")]
    [InlineData("stopped by job control", "nohup sleep 1000 >/dev/null 2>&1 & runs sleep; kill -STOP $!")]
    [InlineData("zombie", "nohup python3 -c 'import os, time; os.fork() or os._exit(0); time.sleep(1000)' >/dev/null 2>&1 &")]
    [InlineData("raw socket", "sudo nohup python3 -c 'import socket, time; s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 1); time.sleep(1000)' >/dev/null 2>&1 &")]
    [InlineData("packet socket", "sudo nohup python3 -c 'import socket, time; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3); time.sleep(1000)' >/dev/null 2>&1 &")]
    public async Task Pause_OfWhatSoundsDifficult_Works(string name, string program)
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await sandbox.OutputAsync($"runs() {{ until [ \"$(cat /proc/$!/comm)\" = $1 ]; do :; done; }}; {program}");
        var process = await Eventually.HoldsAsync(() => sandbox.OutputAsync("pgrep -o -x 'sleep|tac|python3' || true"), found => found.Length > 0, TimeSpan.FromSeconds(10));

        await sandbox.PauseAsync();
        await sandbox.ResumeAsync();

        Assert.True(process == await sandbox.OutputAsync("pgrep -o -x 'sleep|tac|python3' || true"), name);
    }

    /// <summary>Programs fall back to what can be written down: the call itself is refused.</summary>
    [Theory]
    [InlineData("socket(40, 1, 0)", 97)]
    [InlineData("socket(38, 5, 0)", 97)]
    [InlineData("socket(15, 3, 2)", 97)]
    [InlineData("socket(2, 1, 262)", 93)]
    [InlineData("socket(10, 1, 132)", 93)]
    [InlineData("syscall(425, 8, 0)", 38)]
    [InlineData("syscall(444, 0, 0, 1)", 38)]
    [InlineData("syscall(323, 1)", 1)]
    [InlineData("syscall(447, 0)", 1)]
    [InlineData("unshare(0x10000000)", 1)]
    public async Task Calls_ThatMakeWhatCannotBeDumped_AreRefused(string call, int error)
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);

        // 425 io_uring_setup, 444 landlock_create_ruleset, 323 userfaultfd, 447 memfd_secret on x64.
        Assert.Equal($"-1 {error}", await sandbox.OutputAsync($"python3 -c \"import ctypes; libc = ctypes.CDLL(None, use_errno=True); print(libc.{call}, ctypes.get_errno())\"", user: "root"));
    }
}
