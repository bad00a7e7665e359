using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Alcove.Envd.Hosting;

namespace Alcove.Envd.Linux;

/// <summary>
/// Waits for many descriptors on one thread (epoll), so that a hundred idle pipes, terminals and watchers cost no thread each.
/// One waiter a descriptor at a time; a terminal that is both read and written is waited for through two descriptors.
/// </summary>
internal sealed class Poller
{
    private const int Add = 1;
    private const int Delete = 2;
    private const int Modify = 3;
    private const uint In = 0x001;
    private const uint Out = 0x004;
    private const uint OneShot = 1u << 30;
    private const int MaximumEvents = 64;

    private static readonly Lazy<Poller> LazyShared = new(() => new Poller());

    private readonly int _epoll;
    private readonly ConcurrentDictionary<int, TaskCompletionSource> _waiters = new();

    private Poller()
    {
        _epoll = Libc.EpollCreate(Libc.CloseOnExec);
        if (_epoll < 0)
        {
            throw LinuxException.Last("epoll_create1");
        }

        LastingThread.Start("poller", 256 * 1024, Run);
    }

    public static Poller Shared => LazyShared.Value;

    public Task ReadableAsync(int fd, CancellationToken cancellationToken) => WaitAsync(fd, In, cancellationToken);

    public Task WritableAsync(int fd, CancellationToken cancellationToken) => WaitAsync(fd, Out, cancellationToken);

    /// <summary>Before a descriptor is closed: nobody is waiting for it any more.</summary>
    public void Forget(int fd)
    {
        Remove(fd);
        if (_waiters.TryRemove(fd, out var waiter))
        {
            waiter.TrySetCanceled();
        }
    }

    private unsafe void Remove(int fd) => _ = Libc.EpollControl(_epoll, Delete, fd, null);

    private async Task WaitAsync(int fd, uint events, CancellationToken cancellationToken)
    {
        var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiters[fd] = waiter;
        Arm(fd, events | OneShot);
        await using (cancellationToken.UnsafeRegister(static (state, token) => ((TaskCompletionSource)state!).TrySetCanceled(token), waiter))
        {
            await waiter.Task;
        }
    }

    private unsafe void Arm(int fd, uint events)
    {
        var pollEvent = new EpollEvent();
        Write(&pollEvent, events, fd);
        if (Libc.EpollControl(_epoll, Modify, fd, &pollEvent) < 0 && Libc.EpollControl(_epoll, Add, fd, &pollEvent) < 0)
        {
            throw LinuxException.Last("epoll_ctl");
        }
    }

    private unsafe void Run()
    {
        var events = stackalloc EpollEvent[MaximumEvents];
        while (true)
        {
            var count = Libc.EpollWait(_epoll, events, MaximumEvents, -1);
            for (var i = 0; i < count; i++)
            {
                if (_waiters.TryRemove(ReadDescriptor((byte*)events + (i * EventSize)), out var waiter))
                {
                    waiter.TrySetResult();
                }
            }
        }
    }

    /// <summary><c>struct epoll_event</c> is packed on x64 (12 bytes) and nowhere else (16 bytes).</summary>
    private static int EventSize => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    private static int DataOffset => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

    private static unsafe void Write(EpollEvent* target, uint events, int fd)
    {
        *(uint*)target = events;
        *(int*)((byte*)target + DataOffset) = fd;
    }

    private static unsafe int ReadDescriptor(byte* source) => *(int*)(source + DataOffset);

    [StructLayout(LayoutKind.Sequential, Size = 16)]
    private struct EpollEvent;
}
