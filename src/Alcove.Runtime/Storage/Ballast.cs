namespace Alcove.Runtime.Storage;

/// <summary>
/// A file below the home that is only there to be given up: where its disk is full, rows and manifests can be written for a while longer,
/// so that what happens to sandboxes then is remembered.
/// </summary>
/// <param name="file">The file.</param>
/// <param name="sizeMiB">How much it takes; 0 for none.</param>
/// <param name="available">Bytes that its disk has free.</param>
internal sealed class Ballast(string file, int sizeMiB, Func<long> available)
{
    /// <summary>With less than this free it goes.</summary>
    private const long Emergency = 64L << 20;

    private long Size => (long)sizeMiB << 20;

    /// <summary>Gives it up, or takes it again once it fits twice.</summary>
    /// <returns>True when it has just been given up.</returns>
    public bool Adjust()
    {
        var free = available();
        if (File.Exists(file))
        {
            if (free >= Emergency)
            {
                return false;
            }

            File.Delete(file);
            return true;
        }

        if (Size > 0 && free >= (2 * Size) + Emergency)
        {
            Make();
        }

        return false;
    }

    private void Make()
    {
        var unfinished = file + ".new";
        using (var file = new FileStream(unfinished, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, PreallocationSize = Size }))
        {
            // What is preallocated is not part of its length yet.
            file.SetLength(Size);
        }

        File.Move(unfinished, file, overwrite: true);
    }
}
