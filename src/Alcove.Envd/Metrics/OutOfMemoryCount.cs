using System.Globalization;

namespace Alcove.Envd.Metrics;

/// <summary>How often the kernel ended a process because the sandbox's memory limit was reached.</summary>
internal sealed class OutOfMemoryCount(string cgroup = Cgroup.Root)
{
    public long Read()
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
