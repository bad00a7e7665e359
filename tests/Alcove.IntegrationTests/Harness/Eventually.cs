using System.Diagnostics;

namespace Alcove.IntegrationTests.Harness;

/// <summary>Waits for what comes about by itself.</summary>
internal static class Eventually
{
    public static async Task<T> HoldsAsync<T>(Func<Task<T>> ask, Func<T, bool> enough, TimeSpan patience)
    {
        var since = Stopwatch.GetTimestamp();
        while (true)
        {
            var value = await ask();
            if (enough(value))
            {
                return value;
            }

            if (Stopwatch.GetElapsedTime(since) > patience)
            {
                throw new TimeoutException($"not within {patience}; last seen: {(value is System.Collections.IEnumerable many and not string ? string.Join('\n', many.Cast<object>()) : value)}");
            }

            await Task.Delay(50);
        }
    }

    public static Task TrueAsync(Func<Task<bool>> condition, TimeSpan patience) => HoldsAsync(condition, value => value, patience);
}
