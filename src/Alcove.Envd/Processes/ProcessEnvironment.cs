using Alcove.Envd.Init;
using Alcove.Envd.Users;

namespace Alcove.Envd.Processes;

/// <summary>What a process finds in its environment. Later entries win: the daemon's PATH, the user's own, the sandbox's, the daemon's facts, the request's.</summary>
internal static class ProcessEnvironment
{
    public static Dictionary<string, string> Build(User user, DaemonState state, SystemEnvironment system, IEnumerable<KeyValuePair<string, string>> requested)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? Executable.DefaultPath,
            ["HOME"] = user.Home,
            ["USER"] = user.Name,
            ["LOGNAME"] = user.Name,
        };
        foreach (var (name, value) in (IEnumerable<KeyValuePair<string, string>>)[.. state.EnvVars, .. system.Variables, .. requested])
        {
            environment[name] = value;
        }

        return environment;
    }
}
