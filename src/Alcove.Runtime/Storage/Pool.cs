using Alcove.Runtime.Linux;
using Alcove.Runtime.Processes;

namespace Alcove.Runtime.Storage;

/// <summary>The file system that everything big lies on: one that shares blocks between files, so that a disk is cloned in a millisecond.</summary>
internal sealed class Pool(RuntimeOptions options, HomePaths paths)
{
    private const nuint CloneFile = 0x40049409;
    private readonly SemaphoreSlim _blanks = new(1, 1);

    /// <summary>Makes or mounts it: the home itself where that can share blocks, otherwise a sparse XFS image.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(paths.Pool);
        if (!Mounts.IsMountPoint(paths.Pool) && (File.Exists(paths.PoolImage) || !CanClone(paths.Home)))
        {
            await MountImageAsync(cancellationToken);
        }

        foreach (var directory in (string[])[paths.Layers, paths.Disks, paths.Captures, $"{paths.Pool}/blanks", $"{paths.Pool}/skeleton/upper", $"{paths.Pool}/skeleton/work"])
        {
            Directory.CreateDirectory(directory);
        }
    }

    /// <summary>Makes the disk of a slot: a clone of a blank file system of that size.</summary>
    public async Task CreateDiskAsync(string image, int sizeMiB, CancellationToken cancellationToken)
    {
        Clone(await BlankAsync(sizeMiB, cancellationToken), image);
    }

    /// <summary>A file of its own that shares every block with the other until one of them is written to.</summary>
    public static void Clone(string source, string target)
    {
        if (!TryClone(source, target))
        {
            throw new RuntimeException(RuntimeFailure.Failed, $"clone {target}: {Libc.LastError}");
        }
    }

    /// <summary>Bytes in all, and bytes free for good: what both the pool and the file system below it have left.</summary>
    public (long Total, long Available) Space()
    {
        var (pool, below) = (new DriveInfo(paths.Pool), new DriveInfo(paths.Home));
        return (Math.Min(pool.TotalSize, below.TotalSize), Math.Min(pool.AvailableFreeSpace, below.AvailableFreeSpace));
    }

    /// <summary>Whether another sandbox may be made: neither the pool nor what it lies on is near its end.</summary>
    public bool HasRoom() => new[] { paths.Pool, paths.Home }.Select(path => new DriveInfo(path)).All(drive => HasRoom(drive.TotalSize, drive.AvailableFreeSpace, (long)options.DiskReserveMiB << 20));

    /// <summary>A tenth and the reserve stay free: disks are overcommitted, and a full pool is an I/O error to every sandbox.</summary>
    internal static bool HasRoom(long total, long available, long reserve) => available >= total / 10 && available >= reserve;

    private async Task MountImageAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(paths.PoolImage))
        {
            var unfinished = paths.PoolImage + ".new";
            await ChildProcess.ShellAsync("rm -f \"$1\"; truncate -s \"$2G\" \"$1\"; mkfs.xfs -q -m reflink=1 \"$1\"", [unfinished, $"{options.PoolGiB}"], cancellationToken);
            Durable.Flush(unfinished);
            Durable.Rename(unfinished, paths.PoolImage);
        }

        try
        {
            LoopDevice.Mount(paths.PoolImage, paths.Pool, "xfs", Mounts.NoAccessTimes, "discard");
        }
        catch (RuntimeException e)
        {
            throw new RuntimeException(RuntimeFailure.NotReady, $"{e.Message}. {paths.PoolImage} holds paused sandboxes and snapshots: try `xfs_repair` on it, or remove it to lose them and start anew", e);
        }
    }

    /// <summary>Blanks keep one UUID for all their clones: overlay's index names it in file handles.</summary>
    /// <remarks>A journal, for its list of orphans: what is open and has no name any more is given back by the next mount.</remarks>
    private async Task<string> BlankAsync(int sizeMiB, CancellationToken cancellationToken)
    {
        var blank = $"{paths.Pool}/blanks/{sizeMiB}";
        await _blanks.WaitAsync(cancellationToken);
        try
        {
            if (!File.Exists(blank))
            {
                await ChildProcess.ShellAsync(
                    "rm -f \"$1\"; truncate -s \"$2M\" \"$1\"; mkfs.ext4 -q -J size=16 -E lazy_itable_init=1,lazy_journal_init=1,nodiscard -m 0 -d \"$3\" \"$1\"; mv \"$1\" \"$4\"",
                    [blank + ".new", $"{sizeMiB}", $"{paths.Pool}/skeleton", blank],
                    cancellationToken);
            }

            return blank;
        }
        finally
        {
            _blanks.Release();
        }
    }

    /// <summary>By trying.</summary>
    private static bool CanClone(string directory)
    {
        var (source, target) = ($"{directory}/.clone-probe", $"{directory}/.clone-probe-2");
        File.WriteAllText(source, "probe");
        try
        {
            return TryClone(source, target);
        }
        finally
        {
            File.Delete(source);
            File.Delete(target);
        }
    }

    private static bool TryClone(string source, string target)
    {
        using var from = File.OpenHandle(source, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var to = File.OpenHandle(target, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite);
        return Libc.Ioctl((int)to.DangerousGetHandle(), CloneFile, from.DangerousGetHandle()) == 0;
    }
}
