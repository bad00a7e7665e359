using System.Globalization;

namespace Alcove.Runtime;

/// <summary>The machine's processors: which they are, and how busy. Fields that an architecture does not name are empty.</summary>
public sealed class MachineProcessor
{
    private readonly Lock _lock = new();
    private (long Busy, long All) _before;

    private MachineProcessor(IReadOnlyDictionary<string, string> fields) => (Family, Model, ModelName) =
        (fields.GetValueOrDefault("cpu family", string.Empty), fields.GetValueOrDefault("model", string.Empty), fields.GetValueOrDefault("model name", string.Empty));

    public string Family { get; }

    public string Model { get; }

    public string ModelName { get; }

    public static MachineProcessor Read() => Parse(File.ReadLines("/proc/cpuinfo"));

    /// <summary>Of all of them together, 0 to 100, since it was asked before; the first time since the machine started.</summary>
    public int Percent()
    {
        var now = ParseTimes(File.ReadLines("/proc/stat").First());
        lock (_lock)
        {
            var (busy, all) = (now.Busy - _before.Busy, now.All - _before.All);
            _before = now;
            return all <= 0 ? 0 : (int)Math.Clamp(busy * 100 / all, 0, 100);
        }
    }

    /// <summary>The first processor stands for all.</summary>
    internal static MachineProcessor Parse(IEnumerable<string> lines) => new(lines.TakeWhile(line => line.Length > 0)
        .Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries)).Where(parts => parts.Length == 2)
        .GroupBy(parts => parts[0]).ToDictionary(group => group.Key, group => group.First()[1]));

    /// <summary>user, nice, system, idle, iowait, irq, softirq and steal; what guests take is in user already.</summary>
    internal static (long Busy, long All) ParseTimes(string line)
    {
        var times = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..9].Select(text => long.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        var all = times.Sum();
        return (all - times[3] - times[4], all);
    }
}
