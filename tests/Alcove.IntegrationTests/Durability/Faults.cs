using Alcove.IntegrationTests.Harness;

namespace Alcove.IntegrationTests.Durability;

/// <summary>What goes wrong in the middle of an act.</summary>
public enum Fault
{
    /// <summary>SIGKILL to whoever is at the step: the server or the node, by itself, and criu from outside.</summary>
    Killed,

    /// <summary>SIGKILL to the other of server and node while one is at the step; both of them where it is criu's.</summary>
    OthersKilled,

    /// <summary>The step fails.</summary>
    Fails,

    /// <summary>At that moment the disk becomes full, and stays so until the act is over.</summary>
    DiskFull,
}

/// <summary>The criu of an act, found by the cgroup that it is called in.</summary>
internal static class Criu
{
    private static readonly string Acts = Directory.Exists("/sys/fs/cgroup/unified") ? "/sys/fs/cgroup/unified/alcove-acts" : "/sys/fs/cgroup/alcove-acts";

    private static string Installation => File.ReadAllText($"{TestHome.Path}/secrets/installation-id").Trim();

    /// <summary>Processes of criu that work on a sandbox, or on any.</summary>
    public static int[] At(string? sandbox = null)
    {
        try
        {
            return
            [
                .. Directory.EnumerateDirectories($"{Acts}/{Installation}")
                    .Where(group => (sandbox is null || group.EndsWith("/" + sandbox, StringComparison.Ordinal)) && !group.EndsWith("/selftest", StringComparison.Ordinal))
                    .SelectMany(group => File.ReadAllLines($"{group}/cgroup.procs")).Where(IsCriu).Select(int.Parse),
            ];
        }
        catch (IOException)
        {
            return [];
        }
    }

    /// <summary>Waits until it is in the middle: it has begun to write the memory down, or to take it up.</summary>
    public static async Task<int[]> HalfDoneAsync(Func<bool> isHalf, Task act)
    {
        while (!act.IsCompleted)
        {
            if (At() is [_, ..] found && isHalf())
            {
                return found;
            }

            await Task.Delay(1, CancellationToken.None);
        }

        return [];
    }

    private static bool IsCriu(string process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/comm").Trim() == "criu";
        }
        catch (IOException)
        {
            return false;
        }
    }
}
