namespace Alcove.Runtime.Storage;

/// <summary>
/// A file below the home that is only there to be given up: where its disk is full, rows and manifests can be written for a while longer,
/// so that what happens to sandboxes then is remembered.
/// </summary>
internal sealed class Ballast(HomePaths paths, int sizeMiB)
{
    /// <summary>With less than this free it goes.</summary>
    private const long Emergency = 64L << 20;

    private long Size => (long)sizeMiB << 20;

    /// <summary>Gives it up, or takes it again once it fits twice.</summary>
    /// <returns>True when it has just been given up.</returns>
    public bool Adjust()
    {
        var available = new DriveInfo(paths.Home).AvailableFreeSpace;
        if (File.Exists(paths.Ballast))
        {
            if (available >= Emergency)
            {
                return false;
            }

            File.Delete(paths.Ballast);
            return true;
        }

        if (Size > 0 && available >= (2 * Size) + Emergency)
        {
            Make();
        }

        return false;
    }

    private void Make()
    {
        var unfinished = paths.Ballast + ".new";
        new FileStream(unfinished, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, PreallocationSize = Size }).Dispose();
        File.Move(unfinished, paths.Ballast, overwrite: true);
    }
}
