using System.Text.RegularExpressions;
using Alcove.Runtime.Cgroups;

namespace Alcove.Runtime.Crun;

/// <summary>What criu writes while it works: read for the process that it could not deal with, and why.</summary>
internal sealed partial class CriuLog(string path)
{
    private const int MostErrors = 3;

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
                process = ProcessStatus.Of(subject.Groups["pid"].Value)?.ToString() ?? subject.Groups["name"].Value;
            }
            else if (Error().Match(line) is { Success: true } error && errors.Count < MostErrors && !Noise().IsMatch(error.Groups["text"].Value))
            {
                errors.Add(error.Groups["text"].Value.Trim());
            }
        }

        return errors.Count == 0 ? null : Known(process, errors[0]) ?? $"{(process is null ? string.Empty : $"process {process}: ")}{string.Join("; ", errors)}";
    }

    public void Delete() => File.Delete(path);

    /// <summary>What criu says of the cases that users meet, in their words.</summary>
    private static string? Known(string? process, string error) => error switch
    {
        "mqueue isn't empty" => "a POSIX message queue exists (mq_overview(7)), which cannot be written down",
        _ when Queue().Match(error) is { Success: true } queue =>
            $"process {process}: its file descriptor {queue.Groups["fd"].Value} is {queue.Groups["path"].Value} of a file system that cannot be written down, such as that of POSIX message queues",
        _ when Remap().Match(error) is { Success: true } remap =>
            $"process {process}: it uses {remap.Groups["path"].Value} of the template, which was deleted",
        _ => null,
    };

    [GeneratedRegex(@"Dumping task \(pid: (?<pid>\d+) comm: (?<name>[^)]*)\)")]
    private static partial Regex Subject();

    [GeneratedRegex(@"Error \([^)]*\): (?<text>.*)")]
    private static partial Regex Error();

    /// <summary>What criu says in every log, or of a failure that it has named before.</summary>
    [GeneratedRegex(@"^(rlimit: |Dumping FAILED|Dump [\w ]+\(pid)")]
    private static partial Regex Noise();

    [GeneratedRegex(@"^Can't lookup mount=\d+ for fd=(?<fd>\d+) path=(?<path>.*)")]
    private static partial Regex Queue();

    [GeneratedRegex(@"^Can't link remap to (?<path>.*): ")]
    private static partial Regex Remap();
}
