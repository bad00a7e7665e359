using System.Globalization;
using Alcove.Runtime.Cgroups;
using Alcove.Runtime.Networking;
using Microsoft.Extensions.Logging;

namespace Alcove.Runtime.Crun;

/// <summary>What an earlier process of the node left behind: committed runs whose process lives are taken over, everything else is removed.</summary>
internal sealed partial class AdoptVerb(HomePaths paths, CgroupLayout cgroups, Slots slots, SlotAddresses addresses, EndVerb end, TimeProvider time, ILogger logger)
{
    /// <returns>The runs that live on.</returns>
    public async Task<List<Manifest>> RunAsync(CancellationToken cancellationToken)
    {
        var adopted = new List<Manifest>();
        foreach (var directory in Directory.EnumerateDirectories(paths.Sandboxes))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var id = Path.GetFileName(directory);
            if (Manifest.Read(directory) is { } manifest)
            {
                if (manifest is { Committed: true, Process: { Lives: true } })
                {
                    slots.Adopt(manifest.Slot);
                    adopted.Add(manifest);
                    Adopted(logger, id);
                    continue;
                }

                slots.Adopt(manifest.Slot);
                await end.RunAsync(manifest);
            }
            else
            {
                Directory.Delete(directory, recursive: true);
            }

            Removed(logger, id);
        }

        await RemoveStrangersAsync(adopted);
        return adopted;
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

    [LoggerMessage(Level = LogLevel.Information, Message = "Sandbox {SandboxId} is not running: what was left of it is removed")]
    private static partial void Removed(ILogger logger, string sandboxId);
}
