namespace Alcove.Runtime.Cgroups;

/// <summary>A process of a sandbox, or a thread of one, as its user knows it: by its name, and its number inside (proc_pid_status(5)).</summary>
/// <param name="Name">Of its program, at most 15 characters.</param>
/// <param name="InnerId">Its number in the innermost namespace.</param>
/// <param name="Process">The host's number of the process that it is, or is a thread of.</param>
/// <param name="Tracer">The host's number of the process that traces it; null for none.</param>
internal sealed record ProcessStatus(string Name, string InnerId, string Process, string? Tracer)
{
    /// <param name="process">The host's number of it.</param>
    /// <returns>Null when it is gone.</returns>
    public static ProcessStatus? Of(string process)
    {
        try
        {
            var fields = File.ReadLines($"/proc/{process}/status").Select(line => line.Split(':', 2)).ToDictionary(field => field[0], field => field[1].Trim());
            return new ProcessStatus(fields["Name"], fields["NSpid"].Split('\t')[^1], fields["Tgid"], fields["TracerPid"] is "0" ? null : fields["TracerPid"]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public override string ToString() => $"{Name} ({InnerId})";
}
