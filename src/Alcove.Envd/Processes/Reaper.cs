using Alcove.Envd.Hosting;
using Alcove.Envd.Linux;

namespace Alcove.Envd.Processes;

/// <summary>
/// Collects every child that ends: those started here, whose exit somebody awaits, and, as the sandbox's first process, every
/// orphan. One thread owns all reaping, so that no exit status goes to the wrong place.
/// </summary>
internal sealed unsafe class Reaper
{
    private const int All = 0;
    private const int Exited = 4;
    private const int NoWait = 0x01000000;
    private const int SignalInfoSize = 128;
    private const int PidOffset = 16;

    /// <summary>Without children there is nothing to wait for, until one is started; orphans only come from those.</summary>
    private static readonly TimeSpan ChildlessWait = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<int, TaskCompletionSource<int>> _awaited = [];
    private readonly ManualResetEventSlim _started = new();

    public void Start() => LastingThread.Start("reaper", 256 * 1024, Run);

    /// <summary>Starts a child and gives its exit, with no moment between in which it could be reaped unseen.</summary>
    /// <param name="spawn">Returns the new child's pid.</param>
    public (int Pid, Task<int> Exit) StartChild(Func<int> spawn)
    {
        lock (_lock)
        {
            var pid = spawn();
            var exit = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
            _awaited[pid] = exit;
            _started.Set();
            return (pid, exit.Task);
        }
    }

    private void Run()
    {
        var info = stackalloc byte[SignalInfoSize];
        while (true)
        {
            if (Libc.WaitId(All, 0, info, Exited | NoWait) == 0)
            {
                Collect(*(int*)(info + PidOffset));
            }
            else if (Errno.Last == Errno.NoChild)
            {
                _started.Wait(ChildlessWait);
                _started.Reset();
            }
        }
    }

    private void Collect(int pid)
    {
        TaskCompletionSource<int>? exit;
        int status;
        lock (_lock)
        {
            _awaited.Remove(pid, out exit);
            _ = Libc.WaitPid(pid, &status, 0);
        }

        exit?.TrySetResult(status);
    }
}
