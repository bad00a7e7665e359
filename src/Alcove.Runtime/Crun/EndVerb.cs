using Alcove.Protocol.Faults;
using Alcove.Runtime.Cgroups;
using Alcove.Runtime.Networking;

namespace Alcove.Runtime.Crun;

/// <summary>Removes all of a run, from whatever state: processes, then slot, then files, the manifest last.</summary>
internal sealed class EndVerb(HomePaths paths, CgroupLayout cgroups, CrunCommand crun, Slots slots, HostFirewall firewall, SlotAddresses addresses, TimeProvider time)
{
    public async Task RunAsync(Manifest manifest)
    {
        var id = manifest.Spec.SandboxId;
        await cgroups.RemoveAsync(id, time);
        FaultPoint.Reach("end.killed");
        crun.Forget(id);
        if (!manifest.Spec.AllowInternet)
        {
            await ForgetClosedAsync(manifest.Slot);
        }

        await slots.RemoveAsync(manifest.Slot);
        FaultPoint.Reach("end.slot");
        await cgroups.RemoveAsync(id, time);
        RemoveFiles(paths.Sandbox(id));
    }

    /// <summary>Why a run ended by itself, for a person.</summary>
    public string Reason(string id) => cgroups.OutOfMemoryKills(id) > 0 ? "out of memory" : "its first process ended";

    private async Task ForgetClosedAsync(int slot)
    {
        try
        {
            await firewall.ForgetAsync(addresses.Of(slot));
        }
        catch (RuntimeException)
        {
            // It was not in there yet.
        }
    }

    private static void RemoveFiles(string directory)
    {
        if (!Directory.Exists(directory))
        {
            return;
        }

        foreach (var entry in Directory.EnumerateFileSystemEntries(directory).OrderBy(path => path.EndsWith("manifest.json", StringComparison.Ordinal)))
        {
            if (Directory.Exists(entry))
            {
                Directory.Delete(entry, recursive: true);
            }
            else
            {
                File.Delete(entry);
            }
        }

        Directory.Delete(directory);
    }
}
