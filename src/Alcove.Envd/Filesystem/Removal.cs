using Alcove.Envd.Linux;

namespace Alcove.Envd.Filesystem;

/// <summary>Removes a path and all below it. Links are removed, never followed; what is gone already is as good as removed.</summary>
internal static class Removal
{
    /// <exception cref="LinuxException">Something cannot be removed.</exception>
    public static void Remove(string path)
    {
        var status = FileStatus.Read(path, follow: false, out var error);
        if (status is null)
        {
            if (Errno.IsMissing(error))
            {
                return;
            }

            throw new LinuxException($"error removing {path}", error);
        }

        if (status.Value.IsDirectory)
        {
            foreach (var name in DirectoryWalk.Names(path))
            {
                Remove($"{path}/{name}");
            }
        }

        if ((status.Value.IsDirectory ? Libc.RemoveDirectory(path) : Libc.Unlink(path)) < 0 && Errno.Last != Errno.NoEntry)
        {
            throw LinuxException.Last($"error removing {path}");
        }
    }
}
