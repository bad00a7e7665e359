using System.Globalization;

namespace Alcove.Benchmarks;

/// <summary>What the daemon inside costs: read from the files of the installation, and from the host's view of its process.</summary>
internal sealed class DaemonFigures(AlcovePlatform alcove, string home)
{
    private static readonly TimeSpan IdleFor = TimeSpan.FromSeconds(1);

    /// <summary>The daemon with the libraries it brings along.</summary>
    public double MegabytesOnDisk() => new DirectoryInfo(Path.Combine(home, "envd", "current")).EnumerateFiles().Sum(file => file.Length) / 1e6;

    /// <summary>
    /// Resident memory of daemons that have done nothing yet, and the time from the container's first process to a daemon that answers and has taken its settings:
    /// crun writes the process id just before that process starts the daemon; the node writes the manifest anew right after the daemon's answer.
    /// </summary>
    public async Task<(Samples Megabytes, Samples Milliseconds)> MeasureAsync(int rounds)
    {
        var (memory, start) = (new Samples(), new Samples());
        for (var round = 0; round < rounds; round++)
        {
            var id = await alcove.CreateAsync();
            var directory = Path.Combine(home, "sandboxes", id);
            start.Add((File.GetLastWriteTimeUtc(Path.Combine(directory, "manifest.json")) - File.GetLastWriteTimeUtc(Path.Combine(directory, "pid"))).TotalMilliseconds);
            await Task.Delay(IdleFor);
            memory.Add(Resident(await File.ReadAllTextAsync(Path.Combine(directory, "pid"))));
            await alcove.RemoveAsync(id);
        }

        return (memory, start);
    }

    private static double Resident(string process)
    {
        var line = File.ReadLines($"/proc/{process.Trim()}/status").Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024 / 1e6;
    }
}
