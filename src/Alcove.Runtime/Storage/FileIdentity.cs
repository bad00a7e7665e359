using Alcove.Runtime.Linux;

namespace Alcove.Runtime.Storage;

/// <summary>Which file it is, whatever it is called.</summary>
/// <param name="Device">The device it lies on, as the kernel writes it in 64 bits.</param>
/// <param name="Inode">Its number there.</param>
internal readonly unsafe record struct FileIdentity(ulong Device, ulong Inode)
{
    private const int Here = -100;
    private const uint InodeWanted = 0x100;
    private const int InodeOffset = 32;
    private const int MajorOffset = 136;
    private const int MinorOffset = 140;
    private const int StructureSize = 256;

    /// <returns>Null when there is no such file.</returns>
    public static FileIdentity? Of(string path)
    {
        var buffer = stackalloc byte[StructureSize];
        return Libc.StatX(Here, path, 0, InodeWanted, buffer) == 0
            ? new FileIdentity(DeviceNumber(*(uint*)(buffer + MajorOffset), *(uint*)(buffer + MinorOffset)), *(ulong*)(buffer + InodeOffset))
            : null;
    }

    /// <summary>Both halves in one number (<c>new_encode_dev</c>, linux/kdev_t.h).</summary>
    public static ulong DeviceNumber(uint major, uint minor) => (minor & 0xffUL) | ((ulong)major << 8) | ((minor & ~0xffUL) << 12);
}
