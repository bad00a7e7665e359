namespace Alcove.Runtime.Linux;

/// <summary>Which file it is, whatever it is called.</summary>
/// <param name="Device">The device it lies on, as the kernel writes it in 64 bits.</param>
/// <param name="Inode">Its number there.</param>
internal readonly record struct FileIdentity(ulong Device, ulong Inode)
{
    /// <summary>Both halves in one number (<c>new_encode_dev</c>, linux/kdev_t.h).</summary>
    public static ulong DeviceNumber(uint major, uint minor) => (minor & 0xffUL) | ((ulong)major << 8) | ((minor & ~0xffUL) << 12);
}
