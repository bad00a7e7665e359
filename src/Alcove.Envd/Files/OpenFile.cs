using Alcove.Envd.Linux;
using Microsoft.Win32.SafeHandles;

namespace Alcove.Envd.Files;

/// <summary>Opens files without ever waiting for them: a named pipe would hold a thread until somebody comes to its other end.</summary>
internal static class OpenFile
{
    private const int OfEveryone = 0x1B6; // 0666, less the umask

    /// <exception cref="LinuxException">It cannot be opened.</exception>
    public static SafeFileHandle ToRead(string path) => Open(path, Libc.ReadOnly, 0);

    /// <summary>Made when it is missing, emptied when it is not.</summary>
    /// <exception cref="LinuxException">It cannot be opened.</exception>
    public static SafeFileHandle ToWrite(string path) => Open(path, Libc.WriteOnly | Libc.Create | Libc.Truncate, OfEveryone);

    /// <summary>Made; nothing of that name may be there.</summary>
    /// <exception cref="LinuxException">It cannot be made.</exception>
    public static SafeFileHandle ToMake(string path) => Open(path, Libc.WriteOnly | Libc.Create | Libc.Exclusive, OfEveryone);

    private static SafeFileHandle Open(string path, int flags, int mode)
    {
        var fd = Libc.Open(path, flags | Libc.CloseOnExec | Libc.NonBlocking, mode);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw LinuxException.Last($"error opening {path}");
    }
}
