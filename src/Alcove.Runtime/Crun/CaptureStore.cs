using Alcove.Runtime.Linux;
using Alcove.Runtime.Storage;

namespace Alcove.Runtime.Crun;

/// <summary>The captures of this machine. A directory without <c>.new</c> behind its name is complete and on the disk for good.</summary>
internal sealed class CaptureStore(HomePaths paths)
{
    private const string Unfinished = ".new";
    private const string Going = ".old";

    public IEnumerable<Capture> All() => Directory.Exists(paths.Captures)
        ? Directory.EnumerateDirectories(paths.Captures).Where(path => !Path.HasExtension(path)).Select(Capture.Read).OfType<Capture>()
        : [];

    public Capture? Find(string id) => Capture.Read(paths.Capture(id));

    public string Disk(string id) => $"{paths.Capture(id)}/{Capture.DiskName}";

    public string Memory(string id) => $"{paths.Capture(id)}/{Capture.MemoryName}";

    /// <summary>An empty directory to fill.</summary>
    public string Begin(string id)
    {
        var directory = paths.Capture(id) + Unfinished;
        Abandon(id);
        Directory.CreateDirectory(directory);
        return directory;
    }

    /// <summary>What is in it becomes a capture, once all of it is on the disk.</summary>
    public async Task<Capture> CompleteAsync(Capture capture)
    {
        var directory = paths.Capture(capture.Id) + Unfinished;
        var measured = capture with
        {
            MemoryBytes = FileStatus.AllocatedBelow($"{directory}/{Capture.MemoryName}"),
            DiskBytes = FileStatus.Of($"{directory}/{Capture.DiskName}")?.AllocatedBytes ?? 0,
        };
        await Capture.WriteAsync(directory, measured);
        await Durable.FlushTreeAsync(directory);
        Protocol.Faults.FaultPoint.Reach("capture.flushed");
        Durable.Rename(directory, paths.Capture(capture.Id));
        return measured;
    }

    public void Abandon(string id) => Delete(paths.Capture(id) + Unfinished);

    /// <summary>Removes it, and what an earlier removal left.</summary>
    /// <returns>False when there was none.</returns>
    public bool Remove(string id)
    {
        foreach (var left in Directory.EnumerateDirectories(paths.Captures, "*" + Going).ToArray())
        {
            Delete(left);
        }

        if (!Directory.Exists(paths.Capture(id)))
        {
            return false;
        }

        var going = paths.Capture(id) + Going;
        Directory.Move(paths.Capture(id), going);
        Protocol.Faults.FaultPoint.Reach("capture.removing");
        Delete(going);
        return true;
    }

    /// <summary>What acts that nobody goes on with have left.</summary>
    public void Clean()
    {
        foreach (var directory in Directory.EnumerateDirectories(paths.Captures).Where(path => Path.HasExtension(path)).ToArray())
        {
            Delete(directory);
        }
    }

    /// <summary>Also where another removal is at it already.</summary>
    private static void Delete(string directory)
    {
        try
        {
            Directory.Delete(directory, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Gone.
        }
    }
}
