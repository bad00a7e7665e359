using Google.Protobuf;

namespace Alcove.Connect;

/// <summary>The messages that a server-streaming handler sends. One writer at a time.</summary>
public abstract class ConnectResponseStream<TResponse>
    where TResponse : IMessage<TResponse>
{
    /// <summary>Sends one message and flushes it.</summary>
    /// <exception cref="OperationCanceledException">The client is gone or the deadline has passed.</exception>
    public abstract ValueTask WriteAsync(TResponse message, CancellationToken cancellationToken);
}
