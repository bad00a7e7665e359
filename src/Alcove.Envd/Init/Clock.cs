using System.Runtime.InteropServices;
using Alcove.Envd.Hosting;

namespace Alcove.Envd.Init;

/// <summary>The sandbox's clock follows the host's where it may: in a container the two are one, and nobody may set it.</summary>
internal sealed partial class Clock(TimeProvider time, Func<DateTimeOffset, bool>? set = null)
{
    private static readonly TimeSpan MaximumBehind = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan MaximumAhead = TimeSpan.FromSeconds(5);

    private readonly Func<DateTimeOffset, bool> _set = set ?? SetKernelClock;

    public void Set(DateTimeOffset? host)
    {
        if (host is not { } target)
        {
            return;
        }

        var ahead = time.GetUtcNow() - target;
        if ((ahead < -MaximumBehind || ahead > MaximumAhead) && !_set(target))
        {
            DaemonLog.Write($"the clock differs from the host's by {ahead} and cannot be set");
        }
    }

    private static bool SetKernelClock(DateTimeOffset target)
    {
        var since = target - DateTimeOffset.UnixEpoch;
        var value = new TimeSpecification { Seconds = (long)Math.Floor(since.TotalSeconds), Nanoseconds = since.Ticks % TimeSpan.TicksPerSecond * 100 };
        return since >= TimeSpan.Zero && SetTime(0, in value) == 0;
    }

    [LibraryImport("libc", EntryPoint = "clock_settime", SetLastError = true)]
    private static partial int SetTime(int clock, in TimeSpecification time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpecification
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
