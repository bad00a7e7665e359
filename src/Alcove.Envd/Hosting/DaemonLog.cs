namespace Alcove.Envd.Hosting;

/// <summary>What the daemon has to say to whoever operates it: lines on standard error, which its node keeps.</summary>
internal static class DaemonLog
{
    /// <summary>Never fails: a full disk behind the log is no reason to end.</summary>
    public static void Write(string text)
    {
        try
        {
            Console.Error.WriteLine("envd: " + text);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or UnauthorizedAccessException)
        {
            // There is nobody to tell.
        }
    }
}
