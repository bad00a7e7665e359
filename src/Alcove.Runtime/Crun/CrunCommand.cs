using System.Globalization;
using Alcove.Runtime.Cgroups;
using Alcove.Runtime.Linux;
using Alcove.Runtime.Processes;

namespace Alcove.Runtime.Crun;

/// <summary>
/// Calls crun, each time in a mount namespace of its own: there <c>/run</c> is a tmpfs that depends on nothing of the host's, and the
/// version 2 tree of the hybrid cgroup layout, which crun refuses, is out of sight.
/// </summary>
internal sealed class CrunCommand(HomePaths paths, CgroupLayout cgroups)
{
    /// <summary>$1 cgroup to be in, $2 the tree to hide or nothing, $3 stands for /run, $4 programs; the rest is crun's.</summary>
    private const string Script = """
        mkdir -p "$1"; echo $$ >"$1/cgroup.procs"; shift
        exec unshare --mount --propagation slave sh -c '
          [ -z "$1" ] || umount "$1"
          mount --bind "$2" /run
          PATH=$3/bin:$PATH; shift 3
          exec crun "$@" </dev/null >/dev/null 2>&1' sh "$@"
        """;

    /// <summary>Starts the bundle in the sandbox's directory.</summary>
    /// <returns>The container's first process.</returns>
    /// <exception cref="RuntimeException">crun failed: with what its log says.</exception>
    public async Task<ProcessIdentity> RunAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        var id = manifest.Spec.SandboxId;
        var directory = paths.Sandbox(id);
        var (log, pidFile) = ($"{directory}/crun.log", $"{directory}/pid");
        try
        {
            await CallAsync(cgroups.StartGroup(id), manifest.Prefix, [$"--log={log}", "run", "--detach", $"--bundle={directory}", $"--pid-file={pidFile}", id], cancellationToken);
        }
        catch (RuntimeException e) when (File.Exists(log))
        {
            throw new RuntimeException(RuntimeFailure.Failed, $"{e.Message}; crun: {string.Join("; ", File.ReadLines(log).TakeLast(5))}", e);
        }

        var pid = int.Parse(await File.ReadAllTextAsync(pidFile, cancellationToken), CultureInfo.InvariantCulture);
        return ProcessIdentity.Of(pid) ?? throw new RuntimeException(RuntimeFailure.Failed, "the sandbox's first process ended at once");
    }

    /// <summary>What crun remembers of a container that is gone.</summary>
    public void Forget(string id)
    {
        var state = $"{paths.CrunState}/crun/{id}";
        if (Directory.Exists(state))
        {
            Directory.Delete(state, recursive: true);
        }
    }

    private Task<string> CallAsync(string group, string prefix, IEnumerable<string> arguments, CancellationToken cancellationToken) =>
        ChildProcess.ShellAsync(Script, [group, cgroups.IsHybrid ? cgroups.Unified : string.Empty, paths.CrunState, prefix, .. arguments], cancellationToken);
}
