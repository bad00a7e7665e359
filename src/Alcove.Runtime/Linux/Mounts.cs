namespace Alcove.Runtime.Linux;

/// <summary>Makes and unmakes mounts.</summary>
internal static class Mounts
{
    public const nuint NoDevices = 4;
    public const nuint NoAccessTimes = 1024;
    public const nuint Bind = 4096;

    private const nuint Private = 1 << 18;
    private const nuint Shared = 1 << 20;
    private const int Detach = 2;
    private const int Busy = 16;
    private const int Attempts = 100;

    /// <exception cref="RuntimeException">The kernel refuses.</exception>
    public static void Mount(string source, string target, string? type, nuint flags, string? options)
    {
        if (Libc.Mount(source, target, type, flags, options) < 0)
        {
            throw new RuntimeException(RuntimeFailure.Failed, $"mount {target}: {Libc.LastError}");
        }
    }

    /// <summary>
    /// Makes a directory a mount that shares what is mounted below it with copies of it in other namespaces, and with nothing else: where the
    /// mount that it lies on is shared itself, as systemd has it, every mount would be there a second time, underneath.
    /// </summary>
    /// <exception cref="RuntimeException">The kernel refuses.</exception>
    public static void MountShared(string directory)
    {
        Mount(directory, directory, null, Bind, null);
        Mount("none", directory, null, Private, null);
        Mount("none", directory, null, Shared, null);
    }

    /// <summary>Unmounts what is mounted there, however often; what is still in use for a moment is waited for, and detached at last.</summary>
    public static async Task UnmountAsync(string target, TimeProvider time)
    {
        for (var attempt = 0; IsMountPoint(target); attempt++)
        {
            if (Libc.Unmount(target, attempt < Attempts ? 0 : Detach) == 0)
            {
                continue;
            }

            if (Libc.LastErrno != Busy || attempt > Attempts)
            {
                throw new RuntimeException(RuntimeFailure.Failed, $"umount {target}: {Libc.LastError}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), time);
        }
    }

    public static bool IsMountPoint(string path) => Lines().Any(line => line.Target == path);

    /// <summary>The mounts at or below a path, the newest first.</summary>
    public static List<string> Below(string path)
    {
        var targets = Lines().Select(line => line.Target).Where(target => target == path || target.StartsWith(path + "/", StringComparison.Ordinal)).ToList();
        targets.Reverse();
        return targets;
    }

    /// <returns>The options of the mount there; null when nothing is mounted.</returns>
    public static string? Options(string path) => Lines().LastOrDefault(line => line.Target == path)?.Options;

    /// <summary>What a path lies on: of the mounts at the longest of the names above it, the newest.</summary>
    public static MountPlace PlaceOf(string path)
    {
        var line = Lines().Where(line => line.Target == "/" || path == line.Target || path.StartsWith(line.Target + "/", StringComparison.Ordinal))
            .Aggregate((found, next) => next.Target.Length >= found.Target.Length ? next : found);
        return new MountPlace(line.Target, line.Source, line.FileSystem);
    }

    /// <returns>Major and minor number of the device that is mounted there, with a colon between; null when nothing is.</returns>
    public static string? Device(string path) => Lines().LastOrDefault(line => line.Target == path)?.Device;

    private static IEnumerable<MountLine> Lines() => File.ReadLines("/proc/self/mountinfo").Select(MountLine.Parse);
}
