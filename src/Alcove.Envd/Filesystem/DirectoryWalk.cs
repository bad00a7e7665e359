using System.Runtime.InteropServices;
using Alcove.Envd.Linux;
using Alcove.Protocol.Filesystem;

namespace Alcove.Envd.Filesystem;

/// <summary>Lists directories: each before what is below it, names in the order of their bytes, links listed and not entered.</summary>
internal sealed class DirectoryWalk(EntryReader entries)
{
    /// <summary>Of a name in <c>struct dirent</c> of the 64-bit C libraries (dirent.h).</summary>
    private const int NameOffset = 19;

    public IEnumerable<EntryInfo> Entries(string directory, uint depth)
    {
        foreach (var name in Names(directory))
        {
            var path = directory.EndsWith('/') ? directory + name : $"{directory}/{name}";
            if (entries.Read(path) is not { } entry)
            {
                continue;
            }

            yield return entry;
            if (depth > 1 && FileStatus.Read(path, follow: false) is { IsDirectory: true })
            {
                foreach (var below in Entries(path, depth - 1))
                {
                    yield return below;
                }
            }
        }
    }

    /// <returns>In the order of their bytes; nothing when the directory is gone meanwhile.</returns>
    /// <exception cref="LinuxException">It cannot be read.</exception>
    public static List<string> Names(string directory)
    {
        var opened = Libc.OpenDirectory(directory);
        if (opened == 0)
        {
            return Errno.Last is Errno.NoEntry or Errno.NotADirectory ? [] : throw LinuxException.Last($"error reading directory {directory}");
        }

        try
        {
            var names = Read(opened, directory);
            names.Sort((left, right) => left.AsSpan().SequenceCompareTo(right));
            return [.. names.Select(name => PathText.Decode(name))];
        }
        finally
        {
            _ = Libc.CloseDirectory(opened);
        }
    }

    private static unsafe List<byte[]> Read(nint opened, string directory)
    {
        var names = new List<byte[]>();
        while (true)
        {
            var entry = Libc.ReadDirectory(opened);
            if (entry is null)
            {
                return Errno.Last is 0 or Errno.NoEntry ? names : throw LinuxException.Last($"error reading directory {directory}");
            }

            var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entry + NameOffset);
            if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
            {
                names.Add(name.ToArray());
            }
        }
    }
}
