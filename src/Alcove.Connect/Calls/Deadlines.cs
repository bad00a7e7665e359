namespace Alcove.Connect.Calls;

internal static class Deadlines
{
    /// <summary>What a timer can be set for, 49 days.</summary>
    private static readonly TimeSpan LongestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    /// <returns>Null for a deadline that no timer can be set for: it is none.</returns>
    public static TimeSpan? Settable(TimeSpan? timeout) => timeout > LongestTimer ? null : timeout;
}
