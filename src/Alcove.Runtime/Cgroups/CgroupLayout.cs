using Alcove.Runtime.Linux;

namespace Alcove.Runtime.Cgroups;

/// <summary>
/// How this machine arranges cgroups: version 2 alone, or the hybrid of version 1 controllers with a version 2 tree beside them.
/// Sandboxes are in <c>alcove/INSTALLATION/ID</c> of every tree, acts on them in <c>alcove-acts/INSTALLATION/ID</c> of version 2,
/// so that a crun or criu that outlived its caller is told from the sandbox.
/// </summary>
internal sealed class CgroupLayout
{
    private const string Mount = "/sys/fs/cgroup";
    private const int Kill = 9;
    private const int Attempts = 2000;

    /// <summary>What the daemon inside reads its use from.</summary>
    private static readonly string[] ShownControllers = ["memory", "cpu", "cpuacct"];

    private readonly string _installation;
    private readonly string[] _controllers;

    private CgroupLayout(string installation, bool hybrid, string[] controllers) => (_installation, IsHybrid, _controllers) = (installation, hybrid, controllers);

    /// <summary>Version 1 controllers with a version 2 mount below <c>unified</c>: crun refuses it unless that mount is out of its sight.</summary>
    public bool IsHybrid { get; }

    /// <summary>Where the version 2 tree is.</summary>
    public string Unified => IsHybrid ? $"{Mount}/unified" : Mount;

    public static CgroupLayout Detect(string installation)
    {
        if (File.Exists($"{Mount}/cgroup.controllers"))
        {
            return new CgroupLayout(installation, hybrid: false, []);
        }

        string[] controllers = [.. Directory.EnumerateDirectories(Mount).Select(path => Path.GetFileName(path)).Where(name => name != "unified" && !name.Contains(',', StringComparison.Ordinal))];
        return Mounts.IsMountPoint($"{Mount}/unified")
            ? new CgroupLayout(installation, hybrid: true, controllers)
            : throw new RuntimeException(RuntimeFailure.NotReady, "cgroups: neither version 2 nor the hybrid layout is mounted");
    }

    /// <summary>The path that goes into a container's configuration.</summary>
    public string PathOf(string id) => $"/alcove/{_installation}/{id}";

    /// <summary>The version 2 cgroup that crun is called from to start a container: on the hybrid layout the container stays in it.</summary>
    public string StartGroup(string id) => IsHybrid ? $"{Unified}{PathOf(id)}" : ActGroup(id);

    public string ActGroup(string id) => $"{Unified}/alcove-acts/{_installation}/{id}";

    /// <summary>Makes the directories that are shown inside, and says where each belongs below the mount point.</summary>
    public IEnumerable<(string Source, string Name)> Show(string id)
    {
        foreach (var (source, name) in IsHybrid ? ShownControllers.Select(c => ($"{Mount}/{c}{PathOf(id)}", c)) : [($"{Mount}{PathOf(id)}", string.Empty)])
        {
            Directory.CreateDirectory(source);
            yield return (source, name);
        }
    }

    /// <summary>Kills every process of the sandbox and waits until none is left, then removes its cgroups of every tree.</summary>
    public async Task RemoveAsync(string id, TimeProvider time)
    {
        for (var attempt = 0; Processes(id) is { Count: > 0 } pids; attempt++)
        {
            if (attempt > Attempts)
            {
                throw new RuntimeException(RuntimeFailure.Failed, $"processes of {id} do not end: {string.Join(' ', pids)}");
            }

            pids.ForEach(pid => Libc.Kill(pid, Kill));
            Thaw(id);
            await Task.Delay(TimeSpan.FromMilliseconds(attempt < 10 ? 1 : 10), time);
        }

        foreach (var tree in Trees(id).Where(Directory.Exists))
        {
            RemoveTree(tree);
        }
    }

    /// <summary>Removes the installation's own groups, which are empty by now, and those above that no other installation uses.</summary>
    public void RemoveInstallation()
    {
        foreach (var tree in Trees(string.Empty).Where(Directory.Exists))
        {
            RemoveTree(tree);
            if (Directory.GetDirectories(Path.GetDirectoryName(tree)!).Length == 0)
            {
                RemoveTree(Path.GetDirectoryName(tree)!);
            }
        }
    }

    /// <summary>Every sandbox that has a cgroup.</summary>
    public IEnumerable<string> Ids() => Trees(string.Empty).Where(Directory.Exists).SelectMany(Directory.EnumerateDirectories).Select(path => Path.GetFileName(path)).Distinct();

    /// <summary>How often the kernel ended a process of the sandbox because its memory was used up.</summary>
    public long OutOfMemoryKills(string id)
    {
        var file = IsHybrid ? $"{Mount}/memory{PathOf(id)}/memory.oom_control" : $"{Mount}{PathOf(id)}/memory.events";
        try
        {
            var line = File.ReadLines(file).FirstOrDefault(line => line.StartsWith("oom_kill ", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line["oom_kill ".Length..], System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    /// <summary>Asks the kernel to stop every process of the sandbox; it may take a moment, or never happen while one is inside a vfork(2).</summary>
    public void Freeze(string id) => File.WriteAllText(FreezerFile(id), IsHybrid ? "FROZEN" : "1");

    /// <summary>Whether not one of its processes runs.</summary>
    public bool IsFrozen(string id) => IsHybrid
        ? File.ReadAllText(FreezerFile(id)).StartsWith("FROZEN", StringComparison.Ordinal)
        : File.ReadLines($"{Mount}{PathOf(id)}/cgroup.events").Contains("frozen 1");

    /// <summary>The same of one that may not be there.</summary>
    public bool StandsStill(string id) => File.Exists(FreezerFile(id)) && IsFrozen(id);

    /// <summary>Lets it go on; without effect where there is nothing to let go.</summary>
    public void Thaw(string id)
    {
        try
        {
            File.WriteAllText(FreezerFile(id), IsHybrid ? "THAWED" : "0");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Gone, or never there.
        }
    }

    /// <summary>Every thread of the sandbox.</summary>
    public IEnumerable<string> Threads(string id) => ReadNumbers(IsHybrid ? $"{Mount}/freezer{PathOf(id)}/tasks" : $"{Mount}{PathOf(id)}/cgroup.threads");

    /// <summary>Every process of the sandbox, and none that acts on it.</summary>
    public IEnumerable<string> OwnProcesses(string id) => ReadNumbers(IsHybrid ? $"{Mount}/freezer{PathOf(id)}/cgroup.procs" : $"{Mount}{PathOf(id)}/cgroup.procs");

    /// <summary>The crun and criu of an act on the sandbox, also where whoever called them is gone.</summary>
    public string[] ActProcesses(string id) => ReadNumbers($"{ActGroup(id)}/cgroup.procs");

    /// <summary>Ends what is left of an act, and waits until it is gone: a script of criu's outlives criu, and would go on with what is being undone.</summary>
    public async Task EndActAsync(string id, TimeProvider time)
    {
        for (var attempt = 0; attempt < Attempts && ActProcesses(id) is [_, ..] processes; attempt++)
        {
            foreach (var process in processes)
            {
                _ = Libc.Kill(int.Parse(process, System.Globalization.CultureInfo.InvariantCulture), Kill);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(attempt < 10 ? 1 : 10), time);
        }
    }

    /// <summary>Memory that would have to be written down: what is not a copy of a file, bytes.</summary>
    public long ResidentMemory(string id)
    {
        var (file, words) = IsHybrid ? ($"{Mount}/memory{PathOf(id)}/memory.stat", (string[])["total_rss", "total_shmem"]) : ($"{Mount}{PathOf(id)}/memory.stat", ["anon", "shmem"]);
        return File.ReadLines(file).Select(line => line.Split(' ')).Where(line => words.Contains(line[0])).Sum(line => long.Parse(line[1], System.Globalization.CultureInfo.InvariantCulture));
    }

    private string FreezerFile(string id) => IsHybrid ? $"{Mount}/freezer{PathOf(id)}/freezer.state" : $"{Mount}{PathOf(id)}/cgroup.freeze";

    private static string[] ReadNumbers(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (IOException)
        {
            // There is no such cgroup: nobody is in it.
            return [];
        }
    }

    private List<int> Processes(string id)
    {
        string[] groups = IsHybrid ? [$"{Mount}/freezer{PathOf(id)}", $"{Mount}/pids{PathOf(id)}", $"{Unified}{PathOf(id)}", ActGroup(id)] : [$"{Mount}{PathOf(id)}", ActGroup(id)];
        return [.. groups.SelectMany(group => ReadNumbers($"{group}/cgroup.procs")).Select(line => int.Parse(line, System.Globalization.CultureInfo.InvariantCulture)).Where(pid => pid > 0).Distinct()];
    }

    private IEnumerable<string> Trees(string id) =>
        [.. _controllers.Select(controller => $"{Mount}/{controller}{PathOf(id)}".TrimEnd('/')), $"{Unified}{PathOf(id)}".TrimEnd('/'), ActGroup(id).TrimEnd('/')];

    private static void RemoveTree(string path)
    {
        try
        {
            foreach (var below in Directory.GetDirectories(path))
            {
                RemoveTree(below);
            }

            Directory.Delete(path);
        }
        catch (IOException)
        {
            // Gone already, or a process that is just ending holds it for a moment: whoever looks next removes it.
        }
    }
}
