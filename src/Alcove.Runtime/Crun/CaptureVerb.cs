using Alcove.Protocol.Faults;
using Alcove.Runtime.Cgroups;
using Alcove.Runtime.Processes;
using Alcove.Runtime.Storage;
using Microsoft.Extensions.Logging;

namespace Alcove.Runtime.Crun;

/// <summary>
/// Memory and disk of one instant: 1. what is in flight to the disk is written. 2. everything stops. 3. criu dumps the memory, and in its
/// last step the disk is cloned. 4. it goes on, or stands still until it is ended. 5. both on the disk for good, then named. What fails lets it go on.
/// </summary>
internal sealed partial class CaptureVerb(HomePaths paths, CgroupLayout cgroups, CrunCommand crun, CaptureStore captures, Pool pool, FreeSpaceWatch space, TimeProvider time, ILogger logger)
{
    /// <summary>A dump fails now and then when processes start others while a stopped one is helped on.</summary>
    private const int Attempts = 6;

    /// <summary>Of those that criu gives up early: a busy sandbox has messages under way again and again.</summary>
    private const int BriefAttempts = 20;

    private const long Slack = 64L << 20;

    /// <summary>
    /// criu calls it at its stages; also called by itself. Not later than criu's last stage: it has given every open file whose own name was
    /// deleted another one by then, and takes those back as it lets the processes go. A disk without them cannot be restored to.
    /// </summary>
    private const string CloneScript = """
        #!/bin/sh
        PATH=/usr/sbin:/usr/bin:/sbin:/bin
        [ "${CRTOOLS_SCRIPT_ACTION:-post-dump}" = post-dump ] || exit 0
        fsfreeze --freeze 'DISK' || exit 1
        cp --reflink=always 'IMAGE' 'TARGET'; status=$?
        fsfreeze --unfreeze 'DISK'
        exit $status

        """;

    private readonly Freezer _freezer = new(cgroups, time);
    private readonly DumpWatch _watch = new(cgroups, time);
    private readonly Writeback _writeback = new(time);
    private readonly Parasites _parasites = new(cgroups, time, logger);

    /// <param name="manifest">The run.</param>
    /// <param name="id">The capture's name.</param>
    /// <param name="withMemory">Whether its processes shall be in it.</param>
    /// <param name="keepFrozen">Whether it shall stand still afterwards.</param>
    /// <param name="isSalvaged">Whether nobody has asked for it.</param>
    /// <exception cref="RuntimeException">It cannot be done; the sandbox runs on.</exception>
    public async Task<Capture> RunAsync(Manifest manifest, string id, bool withMemory, bool keepFrozen, bool isSalvaged = false)
    {
        var sandbox = manifest.Spec.SandboxId;
        var stages = new Stages(time);
        CheckRoom(sandbox, withMemory);
        Ext4.Flush(paths.SlotDisk(manifest.Slot));
        var directory = captures.Begin(id);
        try
        {
            stages.Done("flush");
            var since = time.GetTimestamp();
            await StopAndCopyAsync(manifest, directory, withMemory);
            stages.Done("stop and copy");
            FaultPoint.Reach("capture.copied");
            if (!keepFrozen)
            {
                space.LetGo(sandbox);
            }

            var milliseconds = time.GetElapsedTime(since).TotalMilliseconds;
            FaultPoint.Reach("capture.thawed");
            if (withMemory)
            {
                MemoryImage.Mend($"{directory}/{Capture.MemoryName}");
            }

            var capture = await captures.CompleteAsync(Capture.Of(manifest, id, withMemory, isSalvaged, time.GetUtcNow()));
            stages.Done("to disk");
            FaultPoint.Reach("capture.named");
            CapturedIn(logger, sandbox, stages);
            Captured(logger, sandbox, milliseconds, capture.MemoryBytes);
            return capture;
        }
        catch (Exception e)
        {
            await cgroups.EndActAsync(sandbox, time);
            await ReleaseAsync(manifest, id);
            throw e is RuntimeException ? e : new RuntimeException(RuntimeFailure.CannotCapture, e.Message, e);
        }
    }

    /// <summary>Lets a run go on, wherever an act on it broke off, and forgets what that act had written.</summary>
    public async Task ReleaseAsync(Manifest manifest, string id)
    {
        Ext4.LetWrite(paths.SlotDisk(manifest.Slot));
        captures.Abandon(id);
        space.LetGo(manifest.Spec.SandboxId);
        await _parasites.ShakeOffAsync(manifest.Spec.SandboxId);
    }

    private async Task StopAndCopyAsync(Manifest manifest, string directory, bool withMemory)
    {
        var sandbox = manifest.Spec.SandboxId;
        var script = await WriteScriptAsync(manifest, $"{directory}/{Capture.DiskName}");
        if (!withMemory)
        {
            await _freezer.FreezeAsync(sandbox);
            FaultPoint.Reach("capture.frozen");
            await ChildProcess.RunAsync("/bin/sh", [script]);
            return;
        }

        await CriuSettings.WriteAsync(paths.Sandbox(sandbox), script);
        for (var attempt = 1; ; attempt++)
        {
            await _freezer.FreezeAsync(sandbox);
            FaultPoint.Reach("capture.frozen");
            Obstacles.Check([.. cgroups.Threads(sandbox)]);
            if (await TryDumpAsync(manifest, directory, attempt))
            {
                return;
            }

            cgroups.Thaw(sandbox);
            await Task.Delay(TimeSpan.FromMicroseconds(Random.Shared.Next(1000, 8000)), time);
            captures.Begin(Path.GetFileNameWithoutExtension(directory));
        }
    }

    /// <returns>False when another attempt may succeed.</returns>
    private async Task<bool> TryDumpAsync(Manifest manifest, string directory, int attempt)
    {
        var sandbox = manifest.Spec.SandboxId;
        try
        {
            var memory = $"{directory}/{Capture.MemoryName}";
            await _watch.FollowAsync(sandbox, _writeback.DuringAsync(crun.CheckpointAsync(manifest, memory), memory, CrunCommand.PagesPattern));

            // criu leaves it as it found it. If it does not, memory and disk are not of one instant.
            return cgroups.IsFrozen(sandbox) || (attempt >= Attempts ? throw new RuntimeException(RuntimeFailure.CannotCapture, "its processes went on during the dump") : false);
        }
        catch (RuntimeException e) when (MayPass(e.Message, attempt))
        {
            DumpFailed(logger, sandbox, e.Message);
            return false;
        }
    }

    /// <summary>Whether the reason is a moment's, such as a process that was just being started, and not a thing that criu cannot write down.</summary>
    private static bool MayPass(string reason, int attempt) =>
        CriuLog.SpeaksOfMessages(reason) ? attempt < BriefAttempts : attempt < Attempts && (
            reason.Contains("seiz", StringComparison.OrdinalIgnoreCase) || reason.Contains("freez", StringComparison.OrdinalIgnoreCase)
            || reason.Contains("Can't collect", StringComparison.Ordinal) || reason.Contains("task state", StringComparison.Ordinal));

    private async Task<string> WriteScriptAsync(Manifest manifest, string target)
    {
        var script = $"{paths.Sandbox(manifest.Spec.SandboxId)}/at-dump";
        await File.WriteAllTextAsync(script, CloneScript
            .Replace("DISK", paths.SlotDisk(manifest.Slot), StringComparison.Ordinal)
            .Replace("IMAGE", paths.SlotImage(manifest.Slot), StringComparison.Ordinal)
            .Replace("TARGET", target, StringComparison.Ordinal));
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return script;
    }

    private void CheckRoom(string sandbox, bool withMemory)
    {
        var (needed, available) = ((withMemory ? cgroups.ResidentMemory(sandbox) : 0) + Slack, pool.Space().Available);
        if (available < needed)
        {
            throw new RuntimeException(RuntimeFailure.CannotCapture, $"its memory needs {needed >> 20} MiB on the disk, and {available >> 20} MiB are free: the sandbox runs on");
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Sandbox {SandboxId} captured: it stood still for {Milliseconds:0} ms, {Bytes} bytes of memory")]
    private static partial void Captured(ILogger logger, string sandboxId, double milliseconds, long bytes);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Sandbox {SandboxId} captured, ms: {Stages}")]
    private static partial void CapturedIn(ILogger logger, string sandboxId, Stages stages);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Sandbox {SandboxId}: a dump failed and is tried again: {Reason}")]
    private static partial void DumpFailed(ILogger logger, string sandboxId, string reason);
}
