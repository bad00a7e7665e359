using Alcove.Envd.Linux;

namespace Alcove.Envd.Processes;

/// <summary>Finds the file that a command names, as a shell would.</summary>
internal static class Executable
{
    /// <summary>PATH where the environment has none.</summary>
    public const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <returns>The paths to try, in order: the command itself when it has a slash, otherwise one for each directory of PATH.</returns>
    public static IEnumerable<string> Candidates(string command, IReadOnlyDictionary<string, string> environment)
    {
        if (command.Contains('/', StringComparison.Ordinal))
        {
            return [command];
        }

        var path = environment.TryGetValue("PATH", out var own) ? own : DefaultPath;
        return path.Split(':').Select(directory => directory.Length == 0 ? command : $"{directory}/{command}");
    }

    /// <summary>Whether the next candidate may be tried after this error; an access error is remembered, as shells do.</summary>
    public static bool MayTryNext(int error) => error is Errno.NoEntry or Errno.NotADirectory or Errno.AccessDenied;
}
