using Alcove.Runtime.Linux;

namespace Alcove.Runtime.Storage;

/// <summary>
/// Has the disk begin with files while they are still being written (sync_file_range(2)), so that little is left for the fsync at the end:
/// a dump that takes as long as the disk costs that time once, not twice.
/// </summary>
internal sealed class Writeback(TimeProvider time)
{
    private const uint Begin = 2;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(15);

    /// <summary>Until the writer ends, and with its outcome.</summary>
    /// <param name="writer">Whoever writes files of that directory.</param>
    /// <param name="directory">It may not be there yet.</param>
    /// <param name="pattern">Names of the files that are large.</param>
    public async Task DuringAsync(Task writer, string directory, string pattern)
    {
        while (!writer.IsCompleted)
        {
            await Task.WhenAny(writer, Task.Delay(Interval, time));
            BeginAll(directory, pattern);
        }

        await writer;
    }

    /// <summary>It only hastens: what cannot be opened or begun is written with the rest.</summary>
    private static void BeginAll(string directory, string pattern)
    {
        foreach (var file in Directory.Exists(directory) ? Directory.GetFiles(directory, pattern) : [])
        {
            var descriptor = Libc.Open(file, Libc.CloseOnExec, 0);
            if (descriptor >= 0)
            {
                _ = Libc.SynchronizeRange(descriptor, 0, 0, Begin);
                _ = Libc.Close(descriptor);
            }
        }
    }
}
