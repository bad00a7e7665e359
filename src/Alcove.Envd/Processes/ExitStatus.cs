namespace Alcove.Envd.Processes;

/// <summary>How a process ended, as clients read it.</summary>
/// <param name="ExitCode">−1 when a signal ended it.</param>
/// <param name="Exited">False when a signal ended it.</param>
/// <param name="Status"><c>exit status 3</c>, <c>signal: killed</c>.</param>
internal sealed record ExitStatus(int ExitCode, bool Exited, string Status)
{
    private const int CoreDumped = 0x80;

    /// <summary>What clients show as the error: null for success.</summary>
    public string? Error => Exited && ExitCode == 0 ? null : Status;

    /// <summary>Reads a wait status (wait(2)).</summary>
    public static ExitStatus FromWaitStatus(int status)
    {
        var signal = status & 0x7f;
        if (signal == 0)
        {
            var code = (status >> 8) & 0xff;
            return new ExitStatus(code, Exited: true, $"exit status {code}");
        }

        var core = (status & CoreDumped) != 0 ? " (core dumped)" : string.Empty;
        return new ExitStatus(-1, Exited: false, $"signal: {SignalName(signal)}{core}");
    }

    private static string SignalName(int signal) => signal switch
    {
        1 => "hangup",
        2 => "interrupt",
        3 => "quit",
        4 => "illegal instruction",
        5 => "trace/breakpoint trap",
        6 => "aborted",
        7 => "bus error",
        8 => "floating point exception",
        9 => "killed",
        10 => "user defined signal 1",
        11 => "segmentation fault",
        12 => "user defined signal 2",
        13 => "broken pipe",
        14 => "alarm clock",
        15 => "terminated",
        _ => $"signal {signal}",
    };
}
