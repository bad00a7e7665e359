using Alcove.Protocol.Faults;
using Alcove.Runtime.Cgroups;
using Alcove.Runtime.Networking;
using Alcove.Runtime.Storage;
using Microsoft.Extensions.Logging;

namespace Alcove.Runtime.Crun;

/// <summary>
/// To a committed run, from nothing or from a capture: 1. manifest. 2. slot. 3. root. 4. bundle. 5. process. 6. ready. 7. committed. What fails
/// undoes it all; a capture is not changed by it.
/// </summary>
internal sealed partial class StartVerb(
    HomePaths paths, CgroupLayout cgroups, CrunCommand crun, Slots slots, RootFileSystem storage, CaptureStore captures, HostFirewall firewall, SlotAddresses addresses, EndVerb end,
    TimeProvider time, ILogger logger)
{
    /// <param name="spec">What it shall be.</param>
    /// <param name="capture">What its disk is a clone of; null for a blank one.</param>
    /// <param name="withMemory">Whether the processes of the capture go on.</param>
    /// <param name="ready">Called once its first process runs.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="RuntimeException">It failed; nothing of it is left.</exception>
    public async Task<Manifest> RunAsync(RunSpec spec, Capture? capture, bool withMemory, Func<Manifest, Task> ready, CancellationToken cancellationToken)
    {
        var (undo, stages) = (new UndoStack(), new Stages(time));
        try
        {
            var claim = capture is null ? slots.ClaimBlank(spec.DiskMiB) : slots.ClaimBare();
            var manifest = NewManifest(spec, claim.Slot, capture, withMemory);
            undo.Push(() => end.RunAsync(manifest));
            await Manifest.WriteAsync(paths.Sandbox(spec.SandboxId), manifest);
            stages.Done("manifest");
            FaultPoint.Reach("start.manifest");
            await (capture is null ? slots.CompleteAsync(claim, spec.DiskMiB, cancellationToken) : slots.CompleteAsync(claim, captures.Disk(capture.Id), cancellationToken));
            stages.Done("slot");
            FaultPoint.Reach("start.slot");
            storage.MountRoot(claim.Slot, spec.Layers);
            stages.Done("root");
            FaultPoint.Reach("start.mounted");
            if (!spec.AllowInternet)
            {
                await firewall.CloseInternetAsync(addresses.Of(claim.Slot), cancellationToken);
            }

            return await ExecuteAsync(manifest, withMemory ? captures.Memory(capture!.Id) : null, ready, stages, cancellationToken);
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

    /// <summary>With their memory, processes need the very files that they had open; and only a sandbox that goes on keeps its boot id, only itself its machine id.</summary>
    private Manifest NewManifest(RunSpec spec, int slot, Capture? capture, bool withMemory)
    {
        var (prefix, envd) = capture is not null && withMemory ? (capture.Prefix, capture.Envd) : (paths.CurrentPrefix(), paths.CurrentEnvd());
        var isItself = capture?.SandboxId == spec.SandboxId;
        var identity = isItself ? (withMemory ? capture!.Identity : capture!.Identity.Rebooted()) : MachineIdentity.New();
        return new Manifest(spec, slot, prefix, envd, Committed: false, Process: null, StartedAt: null, identity);
    }

    private async Task<Manifest> ExecuteAsync(Manifest manifest, string? memory, Func<Manifest, Task> ready, Stages stages, CancellationToken cancellationToken)
    {
        var id = manifest.Spec.SandboxId;
        await new Bundle(paths).WriteAsync(manifest, cgroups.PathOf(id), cgroups.Show(id));
        stages.Done("bundle");
        var process = memory is null ? await crun.RunAsync(manifest, cancellationToken) : await crun.RestoreAsync(manifest, memory, cancellationToken);
        stages.Done(memory is null ? "crun" : "crun and criu");
        FaultPoint.Reach("start.process");
        var started = manifest with { Process = process, StartedAt = time.GetUtcNow() };
        await Task.WhenAll(ready(started), Task.Run(() => storage.FlushDisk(manifest.Slot), cancellationToken));
        stages.Done("daemon");
        FaultPoint.Reach("start.ready");
        var committed = started with { Committed = true };
        await Manifest.WriteAsync(paths.Sandbox(id), committed);
        stages.Done("manifest");
        Started(logger, id, stages);
        FaultPoint.Reach("start.committed");
        return committed;
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Sandbox {SandboxId} started, ms: {Stages}")]
    private static partial void Started(ILogger logger, string sandboxId, Stages stages);

    [LoggerMessage(Level = LogLevel.Error, Message = "Sandbox {SandboxId}: undoing a failed start failed")]
    private static partial void UndoFailed(ILogger logger, string sandboxId, Exception exception);
}
