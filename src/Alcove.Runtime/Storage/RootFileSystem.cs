using Alcove.Runtime.Linux;

namespace Alcove.Runtime.Storage;

/// <summary>A slot's disk, and over it and the template's layers the root that the sandbox sees.</summary>
internal sealed class RootFileSystem(HomePaths paths, Pool pool, TimeProvider time)
{
    /// <summary>Without the first two a process with an inotify watch cannot be dumped; without the last no directory of the template can be renamed.</summary>
    private static readonly string[] RequiredOptions = ["index=on", "nfs_export=on", "redirect_dir=on"];

    /// <summary>The disk, mounted.</summary>
    public async Task CreateDiskAsync(int slot, int sizeMiB, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(paths.SlotDisk(slot));
        Directory.CreateDirectory(paths.SlotRoot(slot));
        await pool.CreateDiskAsync(paths.SlotImage(slot), sizeMiB, cancellationToken);
        LoopDevice.Mount(paths.SlotImage(slot), paths.SlotDisk(slot), "ext4", Mounts.NoDevices | Mounts.NoAccessTimes, "noinit_itable,discard");
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
        File.Delete(paths.SlotImage(slot));
        if (Directory.Exists(paths.Slot(slot)))
        {
            Directory.Delete(paths.Slot(slot), recursive: true);
        }
    }

    private string LayerPath(string digest)
    {
        var path = $"{paths.Layers}/{digest}";
        return digest.Length > 0 && digest.All(char.IsAsciiHexDigitLower) && Directory.Exists(path)
            ? path
            : throw new RuntimeException(RuntimeFailure.LayerMissing, $"layer {digest} is not on this machine");
    }
}
