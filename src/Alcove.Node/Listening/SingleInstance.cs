namespace Alcove.Node.Listening;

/// <summary>One node a home: held for as long as the process lives, by a lock that its end gives up.</summary>
internal static class SingleInstance
{
    /// <exception cref="InvalidOperationException">Another node has this home.</exception>
    public static FileStream Acquire(string home)
    {
        Directory.CreateDirectory(home);
        try
        {
            return new FileStream(Path.Combine(home, "node.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new InvalidOperationException($"another node runs on {home}: stop it first (`make down`)", e);
        }
    }
}
