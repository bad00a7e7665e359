using System.Globalization;

namespace Alcove.Envd.Metrics;

/// <summary>How often the kernel ended a process because the sandbox's memory limit was reached.</summary>
internal sealed class OutOfMemoryCount(string cgroup = Cgroup.Root)
{
    private readonly Lock _lock = new();
    private long _shown;
    private long _total;

    /// <summary>Never falls: a wake-up begins with a new cgroup, whose count starts again.</summary>
    public long Read()
    {
        lock (_lock)
        {
            var shown = Shown();
            _total += shown >= _shown ? shown - _shown : shown;
            _shown = shown;
            return _total;
        }
    }

    private long Shown()
    {
        foreach (var file in (string[])[$"{cgroup}/memory.events", $"{cgroup}/memory/memory.oom_control"])
        {
            if (Cgroup.Field(file, "oom_kill") is { } text && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            {
                return count;
            }
        }

        return 0;
    }
}
