using Alcove.Runtime.Cgroups;
using Alcove.Runtime.Networking;
using Alcove.Runtime.Storage;
using Microsoft.Extensions.Logging;

namespace Alcove.Runtime.Crun;

/// <summary>From nothing to a committed run: 1. manifest. 2. slot. 3. root. 4. bundle. 5. process. 6. ready. 7. committed. What fails undoes it all.</summary>
internal sealed partial class StartVerb(
    HomePaths paths, CgroupLayout cgroups, CrunCommand crun, Slots slots, RootFileSystem storage, HostFirewall firewall, SlotAddresses addresses, EndVerb end, TimeProvider time, ILogger logger)
{
    /// <exception cref="RuntimeException">It failed; nothing of it is left.</exception>
    public async Task<Manifest> RunAsync(RunSpec spec, Func<Manifest, Task> ready, CancellationToken cancellationToken)
    {
        var undo = new UndoStack();
        try
        {
            var (prefix, envd) = (paths.CurrentPrefix(), paths.CurrentEnvd());
            var (slot, made) = slots.Claim(spec.DiskMiB);
            var manifest = new Manifest(spec, slot, prefix, envd, Committed: false, Process: null, StartedAt: null);
            undo.Push(() => end.RunAsync(manifest));
            await Manifest.WriteAsync(paths.Sandbox(spec.SandboxId), manifest);
            if (!made)
            {
                await slots.MakeAsync(slot, spec.DiskMiB, cancellationToken);
            }

            storage.MountRoot(slot, spec.Layers);
            if (!spec.AllowInternet)
            {
                await firewall.CloseInternetAsync(addresses.Of(slot), cancellationToken);
            }

            return await ExecuteAsync(manifest, ready, cancellationToken);
        }
        catch (Exception e)
        {
            foreach (var error in await undo.RunAsync())
            {
                UndoFailed(logger, spec.SandboxId, error);
            }

            throw e is RuntimeException or OperationCanceledException ? e : new RuntimeException(RuntimeFailure.Failed, e.Message, e);
        }
    }

    private async Task<Manifest> ExecuteAsync(Manifest manifest, Func<Manifest, Task> ready, CancellationToken cancellationToken)
    {
        var id = manifest.Spec.SandboxId;
        await new Bundle(paths).WriteAsync(manifest, cgroups.PathOf(id), cgroups.Show(id));
        var process = await crun.RunAsync(manifest, cancellationToken);
        var started = manifest with { Process = process, StartedAt = time.GetUtcNow() };
        await ready(started);
        var committed = started with { Committed = true };
        await Manifest.WriteAsync(paths.Sandbox(id), committed);
        return committed;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Sandbox {SandboxId}: undoing a failed start failed")]
    private static partial void UndoFailed(ILogger logger, string sandboxId, Exception exception);
}
