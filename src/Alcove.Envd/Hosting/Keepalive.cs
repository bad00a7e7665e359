using System.Globalization;
using System.Threading.Channels;

namespace Alcove.Envd.Hosting;

/// <summary>Signs of life on streams that would otherwise be silent.</summary>
internal static class Keepalive
{
    private const string Header = "Keepalive-Ping-Interval";
    private static readonly TimeSpan Default = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <summary>Seconds of silence that the client asked for, within bounds.</summary>
    public static TimeSpan Interval(HttpRequest request)
    {
        var seconds = int.TryParse(request.Headers[Header], NumberStyles.None, CultureInfo.InvariantCulture, out var asked) && asked > 0
            ? TimeSpan.FromSeconds(asked)
            : Default;
        return seconds < Shortest ? Shortest : seconds > Longest ? Longest : seconds;
    }

    /// <summary>Sends each event, and a sign of life whenever none came for the interval.</summary>
    public static async Task ForwardAsync<T>(
        ChannelReader<T> events, Func<T, ValueTask> send, Func<ValueTask> sendAlive, TimeSpan interval, TimeProvider time, CancellationToken cancellationToken)
    {
        while (true)
        {
            var next = events.WaitToReadAsync(cancellationToken).AsTask();
            while (!await CompletesAsync(next, interval, time, cancellationToken))
            {
                await sendAlive();
            }

            if (!await next)
            {
                return;
            }

            while (events.TryRead(out var message))
            {
                await send(message);
            }
        }
    }

    private static async Task<bool> CompletesAsync(Task<bool> next, TimeSpan interval, TimeProvider time, CancellationToken cancellationToken)
    {
        if (next.IsCompleted)
        {
            return true;
        }

        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var first = await Task.WhenAny(next, Task.Delay(interval, time, silence.Token));
        await silence.CancelAsync();
        return first == next;
    }
}
