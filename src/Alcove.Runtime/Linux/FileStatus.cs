namespace Alcove.Runtime.Linux;

/// <summary>What the kernel says of a file (statx(2)).</summary>
/// <param name="Identity">Which file it is, whatever it is called.</param>
/// <param name="AllocatedBytes">What it takes on its disk: less than its length where it is sparse; blocks that clones share count for each of them.</param>
internal readonly record struct FileStatus(FileIdentity Identity, long AllocatedBytes)
{
    private const int Here = -100;
    private const uint InodeAndBlocks = 0x100 | 0x400;
    private const int InodeOffset = 32;
    private const int BlocksOffset = 48;
    private const int MajorOffset = 136;
    private const int MinorOffset = 140;
    private const int BlockSize = 512;
    private const int StructureSize = 256;

    /// <returns>Null when there is no such file.</returns>
    public static unsafe FileStatus? Of(string path)
    {
        var buffer = stackalloc byte[StructureSize];
        return Libc.StatX(Here, path, 0, InodeAndBlocks, buffer) == 0
            ? new FileStatus(
                new FileIdentity(FileIdentity.DeviceNumber(*(uint*)(buffer + MajorOffset), *(uint*)(buffer + MinorOffset)), *(ulong*)(buffer + InodeOffset)),
                *(long*)(buffer + BlocksOffset) * BlockSize)
            : null;
    }

    /// <returns>What the files of a directory and of those below it take; nothing where there is none.</returns>
    public static long AllocatedBelow(string directory) => Directory.Exists(directory)
        ? Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Sum(file => Of(file)?.AllocatedBytes ?? 0)
        : 0;
}
