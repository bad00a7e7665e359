using System.Runtime.InteropServices;
using Alcove.Envd.Linux;

namespace Alcove.Envd.Filesystem;

/// <summary>What the kernel knows of a path.</summary>
internal readonly record struct FileStatus(ushort Mode, long Size, uint Uid, uint Gid, long ModifiedSeconds, uint ModifiedNanoseconds)
{
    private const int CurrentDirectory = -100;
    private const int NoFollow = 0x100;
    private const uint BasicFields = 0x7ff;
    private const int TypeMask = 0xF000;

    public int Type => Mode & TypeMask;

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
        return new FileStatus(buffer.Mode, (long)buffer.Size, buffer.Uid, buffer.Gid, buffer.ModifyTime.Seconds, buffer.ModifyTime.Nanoseconds);
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

        var text = Marshal.PtrToStringUTF8((nint)resolved);
        Libc.Free(resolved);
        return text;
    }
}
