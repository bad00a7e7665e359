using System.Globalization;
using Alcove.Runtime.Cgroups;
using Alcove.Runtime.Networking;
using Alcove.Runtime.Storage;
using Microsoft.Extensions.Logging;

namespace Alcove.Runtime.Crun;

/// <summary>
/// What an earlier process of the node left behind: committed runs whose process lives are taken over. Of those that went
/// down with the machine the disk becomes a capture. Acts that broke off are settled, and everything else is removed.
/// </summary>
internal sealed partial class AdoptVerb(HomePaths paths, CgroupLayout cgroups, Slots slots, RootFileSystem storage, CaptureStore captures, CaptureVerb capture, SlotAddresses addresses, EndVerb end, TimeProvider time, ILogger logger)
{
    /// <summary>Longer than a dump takes on a busy machine: a criu that is killed while it is inside a process can take that process with it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    /// <returns>The runs that live on.</returns>
    public async Task<List<Manifest>> RunAsync(CancellationToken cancellationToken)
    {
        var adopted = new List<Manifest>();
        foreach (var directory in Directory.EnumerateDirectories(paths.Sandboxes))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var id = Path.GetFileName(directory);
            await WaitForActAsync(id);
            switch (Manifest.Read(directory))
            {
                case { Committed: true, Process.Lives: true } manifest when id != SandboxRuntime.SelfTestId && !WasPutAside(manifest):
                    slots.Adopt(manifest.Slot);
                    adopted.Add(await SettleAsync(manifest));
                    Adopted(logger, id);
                    break;
                case { } manifest:
                    slots.Adopt(manifest.Slot);
                    await SalvageAsync(manifest);
                    await end.RunAsync(manifest);
                    Removed(logger, id);
                    break;
                case null:
                    Directory.Delete(directory, recursive: true);
                    Removed(logger, id);
                    break;
            }
        }

        captures.Clean();
        await RemoveStrangersAsync(adopted);
        return adopted;
    }

    /// <summary>A crun or criu that outlived its caller is given time to end.</summary>
    private async Task WaitForActAsync(string id)
    {
        for (var since = time.GetTimestamp(); time.GetElapsedTime(since) < Patience && cgroups.ActProcesses(id).Length > 0;)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), time);
        }

        await cgroups.EndActAsync(id, time);
    }

    /// <summary>Nobody has asked for its capture, so that nobody will say what becomes of the run: it is only to be ended.</summary>
    private bool WasPutAside(Manifest manifest) => manifest.PendingCapture is { } pending && captures.Find(pending) is { IsSalvaged: true };

    /// <summary>A run that was being captured stands still if its capture is complete, until it is said what becomes of it. Otherwise it goes on.</summary>
    private async Task<Manifest> SettleAsync(Manifest manifest)
    {
        if (manifest.PendingCapture is { } pending && captures.Find(pending) is not null)
        {
            return manifest;
        }

        await capture.ReleaseAsync(manifest, manifest.PendingCapture ?? string.Empty);
        var settled = manifest with { PendingCapture = null };
        await Manifest.WriteAsync(paths.Sandbox(manifest.Spec.SandboxId), settled);
        return settled;
    }

    /// <summary>The disk of a run that was confirmed, and that nobody ended, is all that is left of it: it is kept.</summary>
    public async Task SalvageAsync(Manifest manifest)
    {
        var id = Capture.SalvageId(manifest);
        if (!manifest.Committed || manifest.Spec.SandboxId == SandboxRuntime.SelfTestId || !File.Exists(paths.SlotImage(manifest.Slot)) || (manifest.PendingCapture is { } pending && captures.Find(pending) is not null))
        {
            return;
        }

        try
        {
            await cgroups.RemoveAsync(manifest.Spec.SandboxId, time);
            await storage.SalvageAsync(manifest.Slot, $"{captures.Begin(id)}/{Capture.DiskName}");
            await captures.CompleteAsync(Capture.Of(manifest, id, hasMemory: false, isSalvaged: true, time.GetUtcNow()));
            Salvaged(logger, manifest.Spec.SandboxId);
        }
        catch (Exception e) when (e is RuntimeException or IOException)
        {
            SalvageFailed(logger, manifest.Spec.SandboxId, e);
        }
    }

    /// <summary>Everything, whoever owns it.</summary>
    public async Task RemoveAllAsync()
    {
        foreach (var directory in Directory.Exists(paths.Sandboxes) ? Directory.GetDirectories(paths.Sandboxes) : [])
        {
            if (Manifest.Read(directory) is { } manifest)
            {
                await end.RunAsync(manifest);
            }
            else
            {
                Directory.Delete(directory, recursive: true);
            }
        }

        await RemoveStrangersAsync([]);
        cgroups.RemoveInstallation();
    }

    /// <summary>Cgroups and slots that no run of ours has: begun and never finished, or made ahead by a process that died.</summary>
    private async Task RemoveStrangersAsync(List<Manifest> adopted)
    {
        foreach (var id in cgroups.Ids().Except(adopted.Select(manifest => manifest.Spec.SandboxId)).ToArray())
        {
            await cgroups.RemoveAsync(id, time);
        }

        foreach (var slot in SlotNumbers().Except(adopted.Select(manifest => manifest.Slot)).ToArray())
        {
            await slots.RemoveAsync(slot);
        }
    }

    private HashSet<int> SlotNumbers()
    {
        var numbers = new HashSet<int>();
        foreach (var name in Names(paths.Run))
        {
            Add(name.StartsWith("net", StringComparison.Ordinal) ? name[3..] : name, NumberStyles.None);
        }

        foreach (var name in Names(paths.Disks))
        {
            Add(name, NumberStyles.None);
        }

        foreach (var name in Names("/sys/class/net").Where(name => name.StartsWith(addresses.LinkPrefix, StringComparison.Ordinal)))
        {
            Add(name[addresses.LinkPrefix.Length..], NumberStyles.HexNumber);
        }

        return numbers;

        void Add(string text, NumberStyles style)
        {
            if (int.TryParse(text, style, CultureInfo.InvariantCulture, out var number))
            {
                numbers.Add(number);
            }
        }
    }

    private static IEnumerable<string> Names(string directory) =>
        Directory.Exists(directory) ? Directory.EnumerateFileSystemEntries(directory).Select(path => Path.GetFileName(path)) : [];

    [LoggerMessage(Level = LogLevel.Information, Message = "Sandbox {SandboxId} goes on: adopted")]
    private static partial void Adopted(ILogger logger, string sandboxId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Sandbox {SandboxId} went down with the machine: its disk is kept")]
    private static partial void Salvaged(ILogger logger, string sandboxId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Sandbox {SandboxId} went down with the machine, and its disk could not be kept")]
    private static partial void SalvageFailed(ILogger logger, string sandboxId, Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "Sandbox {SandboxId} is not running: what was left of it is removed")]
    private static partial void Removed(ILogger logger, string sandboxId);
}
