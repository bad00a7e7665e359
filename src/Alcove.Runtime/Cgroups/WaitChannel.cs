namespace Alcove.Runtime.Cgroups;

/// <summary>The kernel function in which a thread waits (proc_pid_wchan(5)).</summary>
internal static class WaitChannel
{
    /// <returns>Null when the thread is gone.</returns>
    public static string? Of(string thread)
    {
        try
        {
            return File.ReadAllText($"/proc/{thread}/wchan");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
