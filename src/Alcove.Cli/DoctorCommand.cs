using System.CommandLine;
using System.Diagnostics;

namespace Alcove.Cli;

/// <summary><c>alcove doctor</c>: the check that <c>make doctor</c> makes, and no other.</summary>
internal static class DoctorCommand
{
    public static Command Make(Installation installation, Option<bool> json)
    {
        var command = new Command("doctor", "Show what this machine has of what Alcove needs.");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var script = Path.Combine(AppContext.BaseDirectory, "setup", "doctor.sh");
            if (!File.Exists(script))
            {
                throw new CommandException($"{script} is missing: `make doctor` in the source tree makes the same check");
            }

            var start = new ProcessStartInfo("bash", parsed.GetValue(json) ? [script, "--json"] : [script]) { Environment = { ["ALCOVE_HOME"] = installation.Home } };
            using var process = Process.Start(start)!;
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode;
        });
        return command;
    }
}
