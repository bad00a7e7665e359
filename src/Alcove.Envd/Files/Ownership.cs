using Alcove.Envd.Filesystem;
using Alcove.Envd.Linux;
using Alcove.Envd.Users;

namespace Alcove.Envd.Files;

/// <summary>The daemon acts as root; what it makes belongs to the user it makes it for.</summary>
internal static class Ownership
{
    private const uint DirectoryMode = 0x1ED; // 0755

    /// <summary>Makes every missing directory of the path, each the user's; what exists stays as it is.</summary>
    /// <exception cref="LinuxException">One of them cannot be made.</exception>
    /// <exception cref="IOException">One of them is a file.</exception>
    public static void MakeDirectories(string directory, User user)
    {
        for (var slash = 0; slash >= 0;)
        {
            slash = directory.IndexOf('/', slash + 1);
            var path = slash < 0 ? directory : directory[..slash];
            if (path.Length > 0)
            {
                MakeDirectory(path, user);
            }
        }
    }

    public static void Give(string path, User user)
    {
        if (Libc.ChangeOwner(path, user.Uid, user.Gid) < 0)
        {
            throw LinuxException.Last($"error changing ownership of {path}");
        }
    }

    private static void MakeDirectory(string path, User user)
    {
        if (FileStatus.Read(path, follow: true) is { } status)
        {
            if (!status.IsDirectory)
            {
                throw new IOException($"path is a file: {path}");
            }

            return;
        }

        if (Libc.MakeDirectory(path, DirectoryMode) < 0 && Errno.Last != Errno.Exists)
        {
            throw LinuxException.Last($"error creating directory {path}");
        }

        Give(path, user);
    }
}
