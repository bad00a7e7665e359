namespace Alcove.Connect.Calls;

internal static class Deadlines
{
    /// <summary>What a timer can be set for, 49 days: a longer deadline is none.</summary>
    public static readonly TimeSpan LongestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);
}
