using System.Globalization;

namespace Alcove.Envd.Processes;

/// <summary>
/// Users' processes are the first to end when memory runs out, the daemon the last. A child has its parent's score from its first
/// moment on, and passes it on as quickly, so the daemon takes on theirs while it starts one; going back to its own needs no privilege.
/// </summary>
internal static class OutOfMemoryScore
{
    private const string File = "/proc/self/oom_score_adj";
    private const int OfUsers = 100;

    private static readonly string? Own = Read();

    public static void TakeOnThatOfUsers() => Write(OfUsers.ToString(CultureInfo.InvariantCulture));

    public static void Restore()
    {
        if (Own is not null)
        {
            Write(Own);
        }
    }

    private static string? Read()
    {
        try
        {
            return System.IO.File.ReadAllText(File).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void Write(string score)
    {
        try
        {
            System.IO.File.WriteAllText(File, score);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // This machine does not let us: processes run all the same.
        }
    }
}
