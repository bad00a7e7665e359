using Alcove.Runtime.Linux;

namespace Alcove.Runtime.Storage;

/// <summary>Makes sure that what was written is on the disk, whatever happens to the machine.</summary>
internal static class Durable
{
    /// <summary>Every file below a directory, and the directories themselves.</summary>
    public static async Task FlushTreeAsync(string directory)
    {
        await Parallel.ForEachAsync(Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories), (file, _) =>
        {
            Flush(file);
            return ValueTask.CompletedTask;
        });
        foreach (var below in Directory.EnumerateDirectories(directory, "*", SearchOption.AllDirectories))
        {
            Flush(below);
        }

        Flush(directory);
    }

    /// <summary>Gives a finished file or directory its name, for good.</summary>
    public static void Rename(string from, string to)
    {
        Directory.Move(from, to);
        Flush(Path.GetDirectoryName(to)!);
    }

    /// <summary>A file's bytes, or a directory's entries (fsync(2)).</summary>
    /// <exception cref="RuntimeException">The disk does not take them.</exception>
    public static void Flush(string path)
    {
        var descriptor = Libc.Open(path, Libc.CloseOnExec, 0);
        if (descriptor < 0)
        {
            throw new RuntimeException(RuntimeFailure.Failed, $"open {path}: {Libc.LastError}");
        }

        var result = Libc.Synchronize(descriptor);
        var error = Libc.LastError;
        _ = Libc.Close(descriptor);
        if (result < 0)
        {
            throw new RuntimeException(RuntimeFailure.Failed, $"fsync {path}: {error}");
        }
    }
}
