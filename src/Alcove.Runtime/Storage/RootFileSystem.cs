using Alcove.Protocol.Faults;
using Alcove.Runtime.Linux;

namespace Alcove.Runtime.Storage;

/// <summary>A slot's disk, and over it and the template's layers the root that the sandbox sees.</summary>
internal sealed class RootFileSystem(HomePaths paths, Pool pool, TimeProvider time)
{
    /// <summary>Without the first two a process with an inotify watch cannot be dumped; without the last no directory of the template can be renamed.</summary>
    private static readonly string[] RequiredOptions = ["index=on", "nfs_export=on", "redirect_dir=on"];

    /// <summary>A new disk of that size, mounted.</summary>
    public async Task CreateDiskAsync(int slot, int sizeMiB, CancellationToken cancellationToken)
    {
        await pool.CreateDiskAsync(paths.SlotImage(slot), sizeMiB, cancellationToken);
        MountDisk(slot);
    }

    /// <summary>A clone of a disk that was put away, mounted.</summary>
    public void CloneDisk(int slot, string image)
    {
        Pool.Clone(image, paths.SlotImage(slot));
        FaultPoint.Reach("start.cloned");
        MountDisk(slot);
    }

    /// <summary>The disk outlives the machine from now on: what is written inside with an fsync is as safe as the disk itself.</summary>
    public void FlushDisk(int slot)
    {
        Durable.Flush(paths.SlotImage(slot));
        Durable.Flush(paths.Disks);
    }

    /// <summary>The root: what the sandbox writes lies on its disk, so that its size is a limit that holds.</summary>
    public void MountRoot(int slot, IEnumerable<string> layers)
    {
        var (disk, root) = (paths.SlotDisk(slot), paths.SlotRoot(slot));
        var lower = string.Join(':', layers.Select(LayerPath));
        Mounts.Mount("overlay", root, "overlay", Mounts.NoDevices, $"{string.Join(',', RequiredOptions)},lowerdir={lower},upperdir={disk}/upper,workdir={disk}/work");
        var options = Mounts.Options(root) ?? string.Empty;
        if (!RequiredOptions.All(option => options.Contains(option, StringComparison.Ordinal)))
        {
            throw new RuntimeException(RuntimeFailure.Failed, $"overlay dropped options: {options}");
        }
    }

    /// <summary>Both, and the image: whatever of it is there.</summary>
    public async Task RemoveAsync(int slot)
    {
        await Mounts.UnmountAsync(paths.SlotRoot(slot), time);
        await Mounts.UnmountAsync(paths.SlotDisk(slot), time);
        FaultPoint.Reach("end.unmounted");
        File.Delete(paths.SlotImage(slot));
        if (Directory.Exists(paths.Slot(slot)))
        {
            Directory.Delete(paths.Slot(slot), recursive: true);
        }
    }

    /// <summary>
    /// Copies the disk of a run that is gone, repaired where it was in use when the machine went down. The slot's own stays until the copy is
    /// known to be whole: who dies in between begins again.
    /// </summary>
    public async Task SalvageAsync(int slot, string target)
    {
        await Mounts.UnmountAsync(paths.SlotRoot(slot), time);
        await Mounts.UnmountAsync(paths.SlotDisk(slot), time);
        await Ext4.RepairAsync(paths.SlotImage(slot));
        Pool.Clone(paths.SlotImage(slot), target);
    }

    private void MountDisk(int slot)
    {
        Directory.CreateDirectory(paths.SlotDisk(slot));
        Directory.CreateDirectory(paths.SlotRoot(slot));
        LoopDevice.Mount(paths.SlotImage(slot), paths.SlotDisk(slot), "ext4", Mounts.NoDevices | Mounts.NoAccessTimes, "noinit_itable,discard");
    }

    private string LayerPath(string digest)
    {
        var path = $"{paths.Layers}/{digest}";
        return digest.Length > 0 && digest.All(char.IsAsciiHexDigitLower) && Directory.Exists(path)
            ? path
            : throw new RuntimeException(RuntimeFailure.LayerMissing, $"layer {digest} is not on this machine");
    }
}
