using System.Text.RegularExpressions;

namespace Alcove.Runtime.Crun;

/// <summary>What criu writes while it works: read for the process that it could not deal with, and why.</summary>
internal sealed partial class CriuLog(string path)
{
    private const int MostErrors = 3;

    /// <summary>Where root may not raise its limits, criu says so each time, and goes on.</summary>
    private const string Harmless = "Can't setup RLIMIT_NOFILE";

    /// <returns>Null when it says nothing of a failure.</returns>
    public string? Explain()
    {
        if (!File.Exists(path))
        {
            return null;
        }

        string? process = null;
        var errors = new List<string>();
        foreach (var line in File.ReadLines(path))
        {
            if (Subject().Match(line) is { Success: true } subject)
            {
                process = $"{subject.Groups["name"].Value} ({subject.Groups["pid"].Value})";
            }
            else if (Error().Match(line) is { Success: true } error && errors.Count < MostErrors && !line.Contains(Harmless, StringComparison.Ordinal))
            {
                errors.Add(error.Groups["text"].Value.Trim());
            }
        }

        return errors.Count == 0 ? null : $"{(process is null ? string.Empty : $"process {process}: ")}{string.Join("; ", errors)}";
    }

    public void Delete() => File.Delete(path);

    [GeneratedRegex(@"Dumping task \(pid: (?<pid>\d+) comm: (?<name>[^)]*)\)")]
    private static partial Regex Subject();

    [GeneratedRegex(@"Error \([^)]*\): (?<text>.*)")]
    private static partial Regex Error();
}
