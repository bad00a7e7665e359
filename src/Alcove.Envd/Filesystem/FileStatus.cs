using System.Runtime.InteropServices;
using Alcove.Envd.Linux;

namespace Alcove.Envd.Filesystem;

/// <summary>What the kernel knows of a path.</summary>
/// <param name="Mode">Type and permissions.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Uid">Whose it is.</param>
/// <param name="Gid">Whose group's it is.</param>
/// <param name="ModifiedSeconds">When its content last changed, in seconds since 1970.</param>
/// <param name="ModifiedNanoseconds">And the rest of it.</param>
/// <param name="FileSystem">The file system that it lies on.</param>
internal readonly record struct FileStatus(ushort Mode, long Size, uint Uid, uint Gid, long ModifiedSeconds, uint ModifiedNanoseconds, (uint Major, uint Minor) FileSystem)
{
    private const int CurrentDirectory = -100;
    private const int NoFollow = 0x100;
    private const uint BasicFields = 0x7ff;
    private const int TypeMask = 0xF000;

    public int Type => Mode & TypeMask;

    /// <summary>A pipe with a name, or a socket: opening it waits for somebody at its other end.</summary>
    public bool IsChannel => Type is 0x1000 or 0xC000;

    public bool IsDirectory => Type == 0x4000;

    public bool IsRegular => Type == 0x8000;

    public bool IsLink => Type == 0xA000;

    /// <summary>Of the path itself, or, when followed, of what it leads to.</summary>
    /// <returns>Null, with the error, when there is none.</returns>
    public static unsafe FileStatus? Read(string path, bool follow, out int error)
    {
        StatxBuffer buffer;
        if (Libc.Statx(CurrentDirectory, path, follow ? 0 : NoFollow, BasicFields, &buffer) < 0)
        {
            error = Errno.Last;
            return null;
        }

        error = 0;
        return new FileStatus(buffer.Mode, (long)buffer.Size, buffer.Uid, buffer.Gid, buffer.ModifyTime.Seconds, buffer.ModifyTime.Nanoseconds, (buffer.FileSystemMajor, buffer.FileSystemMinor));
    }

    public static FileStatus? Read(string path, bool follow) => Read(path, follow, out _);

    /// <returns>The path with every link resolved; null when one leads nowhere.</returns>
    public static unsafe string? RealPath(string path)
    {
        var resolved = Libc.RealPath(path, null);
        if (resolved is null)
        {
            return null;
        }

        var text = PathText.Decode(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(resolved));
        Libc.Free(resolved);
        return text;
    }
}
