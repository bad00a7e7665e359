using System.Globalization;

namespace Alcove.Runtime.Linux;

/// <summary>A process by number and start, so that a number that has been given again is not taken for it.</summary>
/// <param name="Pid">Its number.</param>
/// <param name="StartTime">Clock ticks after boot (proc_pid_stat(5), field 22).</param>
public readonly record struct ProcessIdentity(int Pid, ulong StartTime)
{
    /// <returns>Null when there is no such process.</returns>
    public static ProcessIdentity? Of(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : new ProcessIdentity(pid, ulong.Parse(fields[19], CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is IOException or IndexOutOfRangeException)
        {
            return null;
        }
    }

    public bool Lives => Of(Pid) == this;
}

/// <summary>Tells when processes end that are not children of ours: one thread that waits for all of them, a pidfd each.</summary>
internal sealed unsafe class ProcessWatcher
{
    private const nint PidfdOpen = 434;
    private const short Readable = 1;

    private readonly Lock _lock = new();
    private readonly Dictionary<int, Action> _ended = [];

    /// <summary>An eventfd(2): wakes the thread when there is one more to wait for.</summary>
    private readonly int _changed = Libc.EventDescriptor(0, Libc.CloseOnExec);

    public ProcessWatcher() => new Thread(Run) { IsBackground = true, Name = "process watcher" }.Start();

    /// <summary>Calls back once the process has ended; at once when it has already.</summary>
    public void Watch(ProcessIdentity process, Action ended)
    {
        var descriptor = (int)Libc.SystemCall(PidfdOpen, process.Pid, 0);
        if (descriptor < 0 || !process.Lives)
        {
            _ = descriptor >= 0 ? Libc.Close(descriptor) : 0;
            ended();
            return;
        }

        lock (_lock)
        {
            _ended[descriptor] = ended;
        }

        ulong one = 1;
        _ = Libc.Write(_changed, &one, sizeof(ulong));
    }

    private void Run()
    {
        while (true)
        {
            int[] descriptors;
            lock (_lock)
            {
                descriptors = [_changed, .. _ended.Keys];
            }

            foreach (var descriptor in Ready(descriptors))
            {
                Finish(descriptor);
            }
        }
    }

    private static List<int> Ready(int[] descriptors)
    {
        var polled = new PollDescriptor[descriptors.Length];
        for (var i = 0; i < descriptors.Length; i++)
        {
            polled[i] = new PollDescriptor { Descriptor = descriptors[i], Wanted = Readable };
        }

        fixed (PollDescriptor* start = polled)
        {
            _ = Libc.Poll(start, (nuint)polled.Length, -1);
        }

        return [.. polled.Where(entry => entry.Seen != 0).Select(entry => entry.Descriptor)];
    }

    private void Finish(int descriptor)
    {
        if (descriptor == _changed)
        {
            ulong count;
            _ = Libc.Read(descriptor, &count, sizeof(ulong));
            return;
        }

        Action? ended;
        lock (_lock)
        {
            _ended.Remove(descriptor, out ended);
        }

        _ = Libc.Close(descriptor);
        ended?.Invoke();
    }
}
