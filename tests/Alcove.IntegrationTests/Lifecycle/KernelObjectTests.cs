using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Lifecycle;

/// <summary>What processes have from the kernel besides memory and named files: it is what it was after every pause, and in a fork.</summary>
public sealed class KernelObjectTests(Installation installation)
{
    /// <summary>What a program begins with, and how it is told to look at what it has made.</summary>
    private const string Prelude = """
        import ctypes, fcntl, mmap, os, select, signal, socket, struct, subprocess, sys, time
        libc = ctypes.CDLL(None, use_errno=True)
        libc.shmat.restype = ctypes.c_void_p
        os.chdir('/home/user')
        def did(result):
            assert result >= 0, os.strerror(ctypes.get_errno())
            return result
        def same(found, expected):
            assert found == expected, f'{found} and not {expected}'
        def rounds():
            n = 0
            while True:
                open('looked.new', 'w').write(str(n)); os.rename('looked.new', 'looked')
                while not os.path.exists(f'look{n + 1}'):
                    time.sleep(0.02)
                n += 1
                yield n
        """;

    private const string Ipc = """
        class Message(ctypes.Structure): _fields_ = [('kind', ctypes.c_long), ('text', ctypes.c_char * 64)]
        shared = did(libc.shmget(0x1234, 1 << 20, 0o1600)); at = libc.shmat(shared, None, 0); ctypes.memmove(at, b'hello', 5)
        gone = did(libc.shmget(0, 1 << 16, 0o1600)); at_gone = libc.shmat(gone, None, 0); ctypes.memmove(at_gone, b'still', 5); did(libc.shmctl(gone, 0, None))
        semaphores = did(libc.semget(0x1235, 4, 0o1600)); did(libc.semctl(semaphores, 1, 16, 7))
        queue, message = did(libc.msgget(0x1236, 0o1600)), Message(5, b'queued')
        did(libc.msgsnd(queue, ctypes.byref(message), 7, 0))
        ours, theirs = socket.socketpair(); reader, writer = os.pipe(); os.write(writer, b'on its way'); socket.send_fds(ours, [b'file'], [reader]); os.close(reader); ours.send(b'tail')
        named = socket.socket(socket.AF_UNIX); named.bind('\0abstract'); named.listen(5); client = socket.socket(socket.AF_UNIX); client.connect('\0abstract'); served, _ = named.accept()
        os.mkfifo('fifo'); fifo = os.open('fifo', os.O_RDWR); os.write(fifo, b'fifo'); os.unlink('fifo')
        for n in rounds():
            same((ctypes.string_at(at, 5), ctypes.string_at(at_gone, 5), libc.semctl(semaphores, 1, 12, 0)), (b'hello', b'still', 7))
            received = Message(); same((libc.msgrcv(queue, ctypes.byref(received), 64, 5, 0o4000), received.text), (7, b'queued')); did(libc.msgsnd(queue, ctypes.byref(message), 7, 0))
            if n == 1:
                text, files, _, _ = socket.recv_fds(theirs, 4, 1); same((text, os.read(files[0], 20), theirs.recv(9), os.read(fifo, 9)), (b'file', b'on its way', b'tail', b'fifo'))
            client.send(b'x'); same(served.recv(1), b'x')
        """;

    private const string Files = """
        nameless = os.open('.', os.O_TMPFILE | os.O_RDWR, 0o600); os.ftruncate(nameless, 20 << 30); os.pwrite(nameless, b'end', (20 << 30) - 3)
        open('a', 'w').write('one'); os.link('a', 'b'); linked = open('a', 'r+'); os.unlink('a')
        os.makedirs('x/y'); moved = open('x/y/f', 'w+'); moved.write('deep'); moved.flush(); os.rename('x', 'x2'); os.makedirs('x/y'); open('x/y/f', 'w').write('other')
        base = open('/etc/bash.bashrc'); watch = did(libc.inotify_init1(0o4000)); did(libc.inotify_add_watch(watch, b'/usr/share/doc', 0x100)); subprocess.run('sudo chmod 600 /etc/bash.bashrc; sudo touch /usr/share/doc/0', shell=True, check=True)
        open('cut', 'wb').write(b'b' * (1 << 20)); cut = open('cut', 'r+b'); mapped = mmap.mmap(cut.fileno(), 1 << 20); os.ftruncate(cut.fileno(), 4096)
        private = mmap.mmap(cut.fileno(), 4096, flags=mmap.MAP_PRIVATE); private[0:2] = b'my'
        lock = open('lock', 'w+'); fcntl.fcntl(lock, 37, struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 0, 0, 0)); probe = 'import fcntl, struct; fcntl.fcntl(open("lock", "r+"), 37, struct.pack("hhqqi4x", 1, 0, 0, 0, 0))'
        memory = os.memfd_create('sealed', os.MFD_ALLOW_SEALING); os.write(memory, b'memory'); fcntl.fcntl(memory, 1033, 6)
        for n in rounds():
            same((os.pread(nameless, 3, (20 << 30) - 3), os.fstat(nameless).st_size, os.fstat(nameless).st_nlink), (b'end', 20 << 30, 0))
            same((os.pread(linked.fileno(), 3, 0), os.fstat(linked.fileno()).st_ino == os.stat('b').st_ino), (b'one', True))
            same((os.pread(moved.fileno(), 4, 0), open('x/y/f').read(), [name for name in os.listdir('.') if 'link' in name]), (b'deep', 'other', []))
            same((len(os.pread(base.fileno(), 9, 0)), mapped[10:11], private[0:3], os.pread(cut.fileno(), 2, 0)), (9, b'b', b'myb', b'bb'))
            same((subprocess.run([sys.executable, '-c', probe], stderr=subprocess.DEVNULL).returncode, os.pread(memory, 6, 0), fcntl.fcntl(memory, 1034)), (1, b'memory', 6))
            subprocess.run(['sudo', 'touch', f'/usr/share/doc/{n}'], check=True); same(struct.pack('8s', str(n).encode()) in os.read(watch, 10000), True)
        """;

    /// <summary>A timer that nobody had read since it fell due never did again; a watch on a file without a name kept everything from being taken up.</summary>
    private const string Events = """
        class Timer(ctypes.Structure): _fields_ = [('every', ctypes.c_long), ('every_ns', ctypes.c_long), ('first', ctypes.c_long), ('first_ns', ctypes.c_long)]
        def timer(clock, flags, *times):
            made = did(libc.timerfd_create(clock, 0o4000)); did(libc.timerfd_settime(made, flags, ctypes.byref(Timer(*times)), None)); return made
        periodic, once, at = timer(1, 0, 0, 50_000_000, 0, 50_000_000), timer(1, 0, 0, 0, 0, 1), timer(0, 1, 0, 0, int(time.time()) + 1, 0)
        waits, event = select.epoll(), did(libc.eventfd(3, 0o4000)); waits.register(periodic, select.EPOLLIN | select.EPOLLET); waits.register(event, select.EPOLLIN | select.EPOLLET)
        signal.pthread_sigmask(signal.SIG_BLOCK, [40]); os.kill(os.getpid(), 40); os.kill(os.getpid(), 40)
        child = os.fork()
        if child == 0: time.sleep(1000)
        process = os.pidfd_open(child)
        watch = did(libc.inotify_init1(0o4000)); watched = open('watched', 'w+'); watched.write('kept'); watched.flush(); did(libc.inotify_add_watch(watch, b'watched', 0xfff)); os.unlink('watched')
        time.sleep(0.2)
        for n in rounds():
            same(select.select([periodic], [], [], 5)[0], [periodic]); os.read(periodic, 8)
            same(any(ready == periodic for _ in range(20) for ready, _ in waits.poll(0.5)), True); os.read(periodic, 8)
            same((os.pread(watched.fileno(), 4, 0), select.select([process], [], [], 0)[0]), (b'kept', [])); signal.pidfd_send_signal(process, 0)
            if n == 1:
                same((os.eventfd_read(event), len(os.read(once, 8)), select.select([at], [], [], 5)[0]), (3, 8, [at]))
                same([signal.sigtimedwait([40], 0) is not None for _ in range(3)], [True, True, False])
            time.sleep(0.2)
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("ipc", Ipc)]
    [InlineData("files", Files)]
    [InlineData("events", Events)]
    public async Task PausesAndForks_FindThemAsTheyWere(string name, string program)
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await sandbox.OutputAsync($"cat > {name}.py <<'PY'\n{Prelude}\n{program}\nPY\nnohup python3 {name}.py >/dev/null 2>error &");
        await LooksAsync(sandbox, 0);

        for (var round = 1; round <= 2; round++)
        {
            await sandbox.PauseAsync();
            await sandbox.ResumeAsync();
            await LooksAsync(sandbox, round);
        }

        await using var fork = Assert.Single(await sandbox.ForkAsync(1));
        await LooksAsync(fork, 3);
        await LooksAsync(sandbox, 3);
    }

    private static async Task LooksAsync(TestSandbox sandbox, int round) =>
        Assert.Equal($"{round}", await Eventually.HoldsAsync(() => sandbox.OutputAsync($"touch look{round}; cat error; cat looked 2>/dev/null || true"), said => said == $"{round}" || said.Length > 3, Patience));
}
