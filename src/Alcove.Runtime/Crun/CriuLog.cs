using System.Text.RegularExpressions;
using Alcove.Runtime.Cgroups;

namespace Alcove.Runtime.Crun;

/// <summary>What criu writes while it works: read for the process that it could not deal with, and why.</summary>
internal sealed partial class CriuLog(string path)
{
    private const int MostErrors = 3;
    private const string Waiting = "has received what it has not read yet";

    /// <summary>Whether a reason given here is a message under way, which is read in the next moment if all is well.</summary>
    public static bool SpeaksOfMessages(string reason) => reason.EndsWith(Waiting, StringComparison.Ordinal);

    /// <returns>Null when it says nothing of a failure.</returns>
    public string? Explain()
    {
        if (!File.Exists(path))
        {
            return null;
        }

        string? process = null, lastly = null;
        var errors = new List<string>();
        foreach (var line in File.ReadLines(path))
        {
            if (Subject().Match(line) is { Success: true } subject)
            {
                process = ProcessStatus.Of(subject.Groups["pid"].Value)?.ToString() ?? subject.Groups["name"].Value;
            }
            else if (line.Contains("Dump eventpoll (pid", StringComparison.Ordinal))
            {
                lastly = $"process {process}: it waits with epoll(7) for a file that it has closed and another process has open";
            }
            else if (Error().Match(line) is { Success: true } error && errors.Count < MostErrors && !Noise().IsMatch(error.Groups["text"].Value))
            {
                errors.Add(error.Groups["text"].Value.Trim());
            }
        }

        return errors.Count == 0 ? lastly : Known(process, errors[0]) ?? $"{(process is null ? string.Empty : $"process {process}: ")}{string.Join("; ", errors)}";
    }

    public void Delete() => File.Delete(path);

    /// <summary>What criu says of the cases that users meet, in their words.</summary>
    private static string? Known(string? process, string error) => error switch
    {
        "mqueue isn't empty" => "a POSIX message queue exists (mq_overview(7)), which cannot be written down",
        "netlink: The socket has data to read" => $"process {process}: a netlink socket of it {Waiting}",
        "fsnotify: \tCan't dump that handle" => $"process {process}: it watches a directory that was deleted, and that somebody has open",
        _ when error.StartsWith("unix: Non-empty write queue on an in-flight socket", StringComparison.Ordinal) =>
            $"process {process}: a socket that it listens on has a connection that was not accepted yet, and {Waiting}",
        _ when error.StartsWith("Can't create memfd in victim: Too many open files", StringComparison.Ordinal) =>
            $"process {process}: it has as many files open as it may (ulimit -n)",
        _ when error.StartsWith("remote mmap() failed: Cannot allocate memory", StringComparison.Ordinal) =>
            $"process {process}: it has as much memory mapped as it may (ulimit -v)",
        _ when Shared().Match(error) is { Success: true } shared =>
            $"process {ProcessStatus.Of(shared.Groups["pid"].Value)?.ToString() ?? process}: it shares its {(shared.Groups["what"].Value == "VM" ? "memory" : "working directory")} with another one (clone(2))",
        _ when Terminal().Match(error) is { Success: true } terminal =>
            $"session {terminal.Groups["session"].Value} has opened /dev/tty, and a process outside of it its terminal, as script(1) does: that cannot be written down",
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

    [GeneratedRegex(@"^Can't make (?<what>VM|FS) id for (?<pid>\d+)")]
    private static partial Regex Shared();

    [GeneratedRegex(@"^tty: ctty inheritance detected sid/pgrp (?<session>\d+)")]
    private static partial Regex Terminal();

    [GeneratedRegex(@"^Can't link remap to (?<path>.*): ")]
    private static partial Regex Remap();
}
