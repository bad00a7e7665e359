using System.Globalization;

namespace Alcove.Envd.Metrics;

/// <summary>Reads the sandbox's own cgroup, of either version; where none is shown, the machine's figures.</summary>
internal sealed class Usage(string cgroup = Cgroup.Root)
{
    private const ulong NoLimit = 1UL << 60;

    /// <summary>Processors that the sandbox may use: its quota over its period.</summary>
    public double CpuCount()
    {
        var words = ReadWords($"{cgroup}/cpu.max");
        if (words is [var max, var span] && Parse(max) is { } quota && Parse(span) is { } length)
        {
            return quota / length;
        }

        return Cgroup.Number($"{cgroup}/cpu/cpu.cfs_quota_us") is { } v1Quota && Cgroup.Number($"{cgroup}/cpu/cpu.cfs_period_us") is { } v1Period && v1Period > 0
            ? (double)v1Quota / v1Period
            : Environment.ProcessorCount;
    }

    /// <summary>Processor time used so far, in seconds.</summary>
    public double CpuSeconds()
    {
        if (Cgroup.Field($"{cgroup}/cpu.stat", "usage_usec") is { } microseconds)
        {
            return double.Parse(microseconds, CultureInfo.InvariantCulture) / 1_000_000;
        }

        return Cgroup.Number($"{cgroup}/cpuacct/cpuacct.usage") is { } nanoseconds ? nanoseconds / 1e9 : MachineCpuSeconds();
    }

    /// <summary>Bytes: the limit, what is used without what could be dropped, and the cache. A file in memory (tmpfs) is cache, but cannot be dropped.</summary>
    public (ulong Total, ulong Used, ulong Cache) Memory()
    {
        var (total, available, cached) = MachineMemory();
        var limit = Cgroup.Number($"{cgroup}/memory.max") ?? Cgroup.Number($"{cgroup}/memory/memory.limit_in_bytes");
        var current = Cgroup.Number($"{cgroup}/memory.current") ?? Cgroup.Number($"{cgroup}/memory/memory.usage_in_bytes");
        if (current is not { } usage)
        {
            return (total, total - available, cached);
        }

        var slab = Stat("slab_reclaimable", "total_slab_reclaimable");
        var droppable = Stat("active_file", "total_active_file") + Stat("inactive_file", "total_inactive_file") + slab;
        return (limit is { } bytes && bytes < NoLimit ? Math.Min(bytes, total) : total, usage > droppable ? usage - droppable : usage, Stat("file", "total_cache") + slab);
    }

    private static double? Parse(string text) => double.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value : null;

    private static string[] ReadWords(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim().Split(' ');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private ulong Stat(string v2, string v1) => ulong.TryParse(
        Cgroup.Field($"{cgroup}/memory.stat", v2) ?? Cgroup.Field($"{cgroup}/memory/memory.stat", v1), CultureInfo.InvariantCulture, out var value) ? value : 0;

    private static double MachineCpuSeconds()
    {
        var fields = ReadWords("/proc/stat").Skip(1).Where(word => word.Length > 0).TakeWhile(word => char.IsAsciiDigit(word[0])).Take(8).Select(word => Parse(word) ?? 0).ToArray();
        return fields.Length < 8 ? 0 : (fields.Sum() - fields[3] - fields[4]) / 100;
    }

    private static (ulong Total, ulong Available, ulong Cached) MachineMemory()
    {
        var fields = File.ReadLines("/proc/meminfo").Select(line => line.Split([':', ' '], StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Length >= 2).ToDictionary(words => words[0], words => ulong.Parse(words[1], CultureInfo.InvariantCulture) * 1024);
        return (fields["MemTotal"], fields["MemAvailable"], fields["Cached"] + fields.GetValueOrDefault("SReclaimable"));
    }
}
