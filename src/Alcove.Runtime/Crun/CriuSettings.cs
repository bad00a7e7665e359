namespace Alcove.Runtime.Crun;

/// <summary>criu's settings for a sandbox, in a file that its container's configuration names (criu(8), "Configuration files").</summary>
/// <remarks>
/// Open connections close and listeners live on; locks, and files without a name, come along. One second is enough to stop what can be
/// stopped: a process that cannot must not keep the others waiting for the ten that criu takes by itself.
/// </remarks>
internal static class CriuSettings
{
    private const string Words = "tcp-close\nnetwork-lock skip\nfile-locks\nghost-limit 4G\nlink-remap\nskip-in-flight\ntimeout 1\n";

    public static string PathIn(string directory) => $"{directory}/criu.conf";

    /// <param name="directory">The sandbox's.</param>
    /// <param name="actionScript">A program that criu calls at its stages; null for none.</param>
    public static Task WriteAsync(string directory, string? actionScript) =>
        File.WriteAllTextAsync(PathIn(directory), actionScript is null ? Words : $"{Words}action-script {actionScript}\n");
}
