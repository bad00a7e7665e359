using System.Runtime.InteropServices;

namespace Alcove.Envd.Init;

/// <summary>The sandbox's clock follows the host's where it may: in a container the two are one, and nobody may set it.</summary>
internal sealed partial class Clock(TimeProvider time)
{
    private static readonly TimeSpan MaximumBehind = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan MaximumAhead = TimeSpan.FromSeconds(5);

    public void Set(DateTimeOffset? host)
    {
        if (host is not { } target)
        {
            return;
        }

        var ahead = time.GetUtcNow() - target;
        if (ahead >= -MaximumBehind && ahead <= MaximumAhead)
        {
            return;
        }

        var since = target - DateTimeOffset.UnixEpoch;
        var value = new TimeSpecification { Seconds = (long)Math.Floor(since.TotalSeconds), Nanoseconds = since.Ticks % TimeSpan.TicksPerSecond * 100 };
        if (SetTime(0, in value) < 0)
        {
            Console.Error.WriteLine($"envd: the clock differs from the host's by {ahead} and cannot be set");
        }
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
