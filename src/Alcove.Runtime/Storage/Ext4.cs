using Alcove.Runtime.Linux;
using Alcove.Runtime.Processes;

namespace Alcove.Runtime.Storage;

/// <summary>What is done to a sandbox's disk as a file system, apart from mounting it.</summary>
internal static class Ext4
{
    private const nuint Thaw = 0xC0045878;
    private const nint SyncFileSystem = 306;
    private const nint SyncFileSystemArm = 267;

    /// <summary>Replays the journal and mends what is wrong: what can be without a loss, and where that is not enough the rest too (e2fsck(8): 1 says that it did).</summary>
    /// <exception cref="RuntimeException">It cannot be mended.</exception>
    public static Task RepairAsync(string image) =>
        ChildProcess.ShellAsync("e2fsck -p \"$1\" || [ $? -eq 1 ] || e2fsck -y \"$1\" || [ $? -eq 1 ]", [image]);

    /// <summary>Writes out what the file system at that path holds in memory, while it is in use.</summary>
    public static void Flush(string path) => WithDirectory(path, descriptor => Libc.SystemCall(
        System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? SyncFileSystemArm : SyncFileSystem, descriptor, 0));

    /// <summary>Lets writes go on, where somebody stopped them (FIFREEZE) and died.</summary>
    public static void LetWrite(string path) => WithDirectory(path, descriptor => Libc.Ioctl(descriptor, Thaw, 0));

    private static void WithDirectory(string path, Func<int, nint> act)
    {
        var descriptor = Libc.Open(path, Libc.CloseOnExec, 0);
        if (descriptor >= 0)
        {
            _ = act(descriptor);
            _ = Libc.Close(descriptor);
        }
    }
}
