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
    /// <summary>The files of an image that hold what was in memory: nearly all of it.</summary>
    public const string PagesPattern = "pages-*.img";

    private const string PidFile = "pid";

    /// <summary>$1 cgroup to be in, $2 the tree to hide or nothing, $3 stands for /run, $4 programs; the rest is crun's.</summary>
    private const string Script = """
        mkdir -p "$1"; echo $$ >"$1/cgroup.procs"; shift
        exec unshare --mount --propagation slave sh -c '
          [ -z "$1" ] || umount "$1"
          mount --bind "$2" /run
          PATH=$3/bin:$PATH
          [ ! -e "$3/lib/alcove-limits.so" ] || export LD_PRELOAD=$3/lib/alcove-limits.so
          shift 3
          exec crun "$@" </dev/null >/dev/null 2>&1' sh "$@"
        """;

    /// <summary>Starts the bundle in the sandbox's directory.</summary>
    /// <returns>The container's first process.</returns>
    /// <exception cref="RuntimeException">crun failed: with what its log says.</exception>
    public async Task<ProcessIdentity> RunAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        var (id, directory) = (manifest.Spec.SandboxId, paths.Sandbox(manifest.Spec.SandboxId));
        await CallAsync(cgroups.StartGroup(id), manifest, ["run", "--detach", $"--bundle={directory}", $"--pid-file={directory}/{PidFile}", id], cancellationToken);
        return await FirstProcessAsync(directory, cancellationToken);
    }

    /// <summary>Takes the processes of an image up again, over the bundle in the sandbox's directory.</summary>
    /// <returns>The container's first process.</returns>
    /// <exception cref="RuntimeException">crun or criu failed: with what their logs say.</exception>
    public async Task<ProcessIdentity> RestoreAsync(Manifest manifest, string image, CancellationToken cancellationToken)
    {
        var (id, directory) = (manifest.Spec.SandboxId, paths.Sandbox(manifest.Spec.SandboxId));
        var log = new CriuLog($"{directory}/restore.log");
        try
        {
            await CallAsync(
                cgroups.ActGroup(id), manifest,
                ["restore", "--detach", $"--bundle={directory}", $"--image-path={image}", $"--work-path={directory}", $"--pid-file={directory}/{PidFile}", id],
                cancellationToken);
        }
        catch (RuntimeException e)
        {
            throw new RuntimeException(RuntimeFailure.Failed, $"{e.Message}; {log.Explain()}", e);
        }

        return await FirstProcessAsync(directory, cancellationToken);
    }

    /// <summary>Writes the memory of a sandbox that stands still into a directory, and leaves it as it is.</summary>
    /// <exception cref="RuntimeException">It cannot be done: with the process and the reason.</exception>
    public async Task CheckpointAsync(Manifest manifest, string image)
    {
        Directory.CreateDirectory(image);
        var log = new CriuLog($"{image}/dump.log");
        try
        {
            await CallAsync(
                cgroups.ActGroup(manifest.Spec.SandboxId), manifest,
                ["checkpoint", "--leave-running", $"--image-path={image}", $"--work-path={image}", manifest.Spec.SandboxId],
                CancellationToken.None);
        }
        catch (RuntimeException e)
        {
            throw new RuntimeException(RuntimeFailure.CannotCapture, log.Explain() ?? "its processes could not be written down, and criu does not say why", e);
        }

        log.Delete();
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

    private static async Task<ProcessIdentity> FirstProcessAsync(string directory, CancellationToken cancellationToken)
    {
        var pid = int.Parse(await File.ReadAllTextAsync($"{directory}/{PidFile}", cancellationToken), CultureInfo.InvariantCulture);
        return ProcessIdentity.Of(pid) ?? throw new RuntimeException(RuntimeFailure.Failed, "the sandbox's first process ended at once");
    }

    private async Task CallAsync(string group, Manifest manifest, string[] arguments, CancellationToken cancellationToken)
    {
        var log = $"{paths.Sandbox(manifest.Spec.SandboxId)}/crun.log";
        File.Delete(log);
        try
        {
            await ChildProcess.ShellAsync(
                Script, [group, cgroups.IsHybrid ? cgroups.Unified : string.Empty, paths.CrunState, manifest.Prefix, $"--log={log}", .. arguments], cancellationToken);
        }
        catch (RuntimeException e) when (File.Exists(log))
        {
            throw new RuntimeException(RuntimeFailure.Failed, $"{e.Message}; crun: {string.Join("; ", File.ReadLines(log).TakeLast(5))}", e);
        }
    }
}
