using System.Globalization;
using Alcove.Runtime.Cgroups;
using Alcove.Runtime.Linux;
using Microsoft.Extensions.Logging;

namespace Alcove.Runtime.Crun;

/// <summary>
/// criu reads a process from inside, with code of its own that lets the process go when criu dies. A process that is still in that code a moment
/// later was hit where it cannot leave any more: it would stand still for ever, and is ended.
/// </summary>
internal sealed partial class Parasites(CgroupLayout cgroups, TimeProvider time, ILogger logger)
{
    private const int Kill = 9;

    /// <summary>The name that criu gives the memory of that code (compel, <c>infect.c</c>); it stays mapped in a process that was let go.</summary>
    private const string Mapping = "CRIUMFD";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <summary>After an act on a sandbox that failed, once it has been let go.</summary>
    public async Task ShakeOffAsync(string sandbox)
    {
        for (var since = time.GetTimestamp(); Held(sandbox) is [_, ..] held;)
        {
            if (time.GetElapsedTime(since) >= Patience)
            {
                foreach (var process in held)
                {
                    Lost(logger, sandbox, ProcessStatus.Of(process)?.ToString() ?? process);
                    _ = Libc.Kill(int.Parse(process, CultureInfo.InvariantCulture), Kill);
                }

                return;
            }

            await Task.Delay(Interval, time);
        }
    }

    /// <summary>Whether a thread of a process stands in criu's code.</summary>
    /// <param name="process">Its directory in <c>/proc</c>.</param>
    internal static bool IsInside(string process)
    {
        try
        {
            var code = File.ReadLines($"{process}/maps").Where(line => line.Contains(Mapping, StringComparison.Ordinal)).Select(Range).ToArray();
            return code.Length > 0 && Directory.EnumerateDirectories($"{process}/task").Select(Instruction).Any(at => code.Any(range => at >= range.Start && at < range.End));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is gone.
            return false;
        }
    }

    private string[] Held(string sandbox) => [.. cgroups.OwnProcesses(sandbox).Where(process => IsInside($"/proc/{process}"))];

    /// <summary>Where a thread waits: the last word of <c>syscall</c> (proc_pid_syscall(5)); null for one that runs.</summary>
    private static ulong? Instruction(string thread) =>
        File.ReadAllText($"{thread}/syscall").Trim().Split(' ') is { Length: > 1 } words ? Number(words[^1]) : null;

    private static (ulong Start, ulong End) Range(string line) => line[..line.IndexOf(' ', StringComparison.Ordinal)].Split('-') is [var start, var end] ? (Number(start), Number(end)) : default;

    private static ulong Number(string text) => ulong.Parse(text.StartsWith("0x", StringComparison.Ordinal) ? text[2..] : text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    [LoggerMessage(Level = LogLevel.Error, Message = "Sandbox {SandboxId}: criu ended inside process {Process}, which is lost")]
    private static partial void Lost(ILogger logger, string sandboxId, string process);
}
