using System.Text;
using Alcove.Protocol.Filesystem;

namespace Alcove.Envd.Filesystem;

/// <summary>Lists directories: each before what is below it, names in the order of their bytes, links listed and not entered.</summary>
internal sealed class DirectoryWalk(EntryReader entries)
{
    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, IgnoreInaccessible = false, ReturnSpecialDirectories = false };

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

    /// <returns>Nothing when the directory is gone meanwhile.</returns>
    public static List<string> Names(string directory)
    {
        try
        {
            var names = Directory.EnumerateFileSystemEntries(directory, "*", Everything).Select(path => path[(path.LastIndexOf('/') + 1)..]).ToList();
            names.Sort(CompareBytes);
            return names;
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    private static int CompareBytes(string left, string right) =>
        Encoding.UTF8.GetBytes(left).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(right));
}
