namespace Alcove.Runtime;

/// <summary>What lies where below an installation's home.</summary>
public sealed record HomePaths(string Home)
{
    public string Secrets => $"{Home}/secrets";

    public string Sandboxes => $"{Home}/sandboxes";

    /// <summary>Mount points: a shared mount, so that an unmount reaches the private namespaces of calls in progress.</summary>
    public string Run => $"{Home}/run";

    /// <summary>A tmpfs that stands for <c>/run</c> in every crun call: crun's state and criu's knowledge of the kernel.</summary>
    public string CrunState => $"{Home}/run/state";

    public string Pool => $"{Home}/pool";

    public string PoolImage => $"{Home}/pool.img";

    /// <summary>Given up when the home's disk is full.</summary>
    public string Ballast => $"{Home}/ballast";

    public string Layers => $"{Home}/pool/layers";

    public string Disks => $"{Home}/pool/disks";

    /// <summary>What was put away of sandboxes: a directory each, complete since it has that name.</summary>
    public string Captures => $"{Home}/pool/captures";

    public string Templates => $"{Home}/templates";

    public string Sandbox(string id) => $"{Sandboxes}/{id}";

    public string Capture(string id) => $"{Captures}/{id}";

    public string Slot(int number) => $"{Run}/{number}";

    public string SlotDisk(int number) => $"{Slot(number)}/disk";

    public string SlotRoot(int number) => $"{Slot(number)}/root";

    public string SlotNetwork(int number) => $"{Run}/net{number}";

    public string SlotImage(int number) => $"{Disks}/{number}";

    /// <summary>The versions that new sandboxes get, resolved: what changes later leaves this path's files alone.</summary>
    public string CurrentPrefix() => Resolve($"{Home}/prefix/current", "prefix");

    public string CurrentEnvd() => Resolve($"{Home}/envd/current", "envd");

    private static string Resolve(string link, string what)
    {
        var target = new DirectoryInfo(link).ResolveLinkTarget(returnFinalTarget: true)?.FullName;
        return target is not null && Directory.Exists(target)
            ? target
            : throw new RuntimeException(RuntimeFailure.NotReady, $"{what} is not installed: {link} leads nowhere; `make up` installs it");
    }
}
