using System.Globalization;

namespace Alcove.Runtime;

/// <summary>The machine's memory in bytes: all of it, and what could be had without swapping.</summary>
public readonly record struct MachineMemory(long Total, long Available)
{
    public static MachineMemory Read()
    {
        var fields = File.ReadLines("/proc/meminfo").Select(line => line.Split([':', ' '], StringSplitOptions.RemoveEmptyEntries)).Where(words => words.Length >= 2)
            .ToDictionary(words => words[0], words => long.Parse(words[1], CultureInfo.InvariantCulture) * 1024);
        return new MachineMemory(fields["MemTotal"], fields["MemAvailable"]);
    }
}
