using System.Threading.Channels;
using Alcove.Protocol.Processes;

namespace Alcove.Envd.Processes;

/// <summary>
/// Gives every current subscriber every event, with no replay. A slow subscriber holds the process and the others back;
/// one that has gone holds nobody.
/// </summary>
internal sealed class OutputFanout
{
    private const int QueueLength = 64;

    private readonly Lock _lock = new();
    private Channel<ProcessEvent>[] _subscribers = [];
    private ProcessEvent? _end;

    /// <summary>The end, once it has been sent.</summary>
    public ProcessEvent? End
    {
        get
        {
            lock (_lock)
            {
                return _end;
            }
        }
    }

    /// <summary>What comes from now on; of a process that has ended, its end alone.</summary>
    public Subscription Subscribe()
    {
        var channel = Channel.CreateBounded<ProcessEvent>(QueueLength);
        lock (_lock)
        {
            if (_end is not null)
            {
                channel.Writer.TryWrite(_end);
                channel.Writer.Complete();
            }
            else
            {
                _subscribers = [.. _subscribers, channel];
            }
        }

        return new Subscription(this, channel);
    }

    public async ValueTask SendAsync(ProcessEvent message)
    {
        foreach (var subscriber in Volatile.Read(ref _subscribers))
        {
            try
            {
                await subscriber.Writer.WriteAsync(message);
            }
            catch (ChannelClosedException)
            {
                // It has gone meanwhile.
            }
        }
    }

    /// <summary>The last event: after it, subscribers' streams end.</summary>
    public async ValueTask EndAsync(ProcessEvent message)
    {
        Channel<ProcessEvent>[] subscribers;
        lock (_lock)
        {
            _end = message;
            subscribers = _subscribers;
            _subscribers = [];
        }

        foreach (var subscriber in subscribers)
        {
            try
            {
                await subscriber.Writer.WriteAsync(message);
            }
            catch (ChannelClosedException)
            {
                // It has gone meanwhile.
            }

            subscriber.Writer.TryComplete();
        }
    }

    private void Remove(Channel<ProcessEvent> channel)
    {
        lock (_lock)
        {
            _subscribers = [.. _subscribers.Where(other => other != channel)];
        }

        channel.Writer.TryComplete();
        while (channel.Reader.TryRead(out _))
        {
            // Makes room for a sender that waits for it; it then finds the channel closed.
        }
    }

    /// <summary>One reader's place in the fan-out; given up when disposed.</summary>
    internal sealed class Subscription(OutputFanout fanout, Channel<ProcessEvent> channel) : IDisposable
    {
        public ChannelReader<ProcessEvent> Events => channel.Reader;

        public void Dispose() => fanout.Remove(channel);
    }
}
