using Alcove.Connect.Framing;
using Google.Protobuf;

namespace Alcove.Connect.Calls;

/// <summary>Writes a stream's messages until the call ends; afterwards the response may already be another request's.</summary>
internal sealed class ResponseStream<TResponse>(Call call) : ConnectResponseStream<TResponse>
    where TResponse : IMessage<TResponse>
{
    private const int Idle = 0;
    private const int Writing = 1;
    private const int Ended = 2;

    private int _state = Idle;

    public CancellationToken CallEnds { get; set; }

    public override async ValueTask WriteAsync(TResponse message, CancellationToken cancellationToken)
    {
        Begin();
        try
        {
            CallEnds.ThrowIfCancellationRequested();
            using var envelope = Envelope.OfMessage(call.Format.Codec, message);
            await WriteAsync(envelope.Written, cancellationToken);
            CallEnds.ThrowIfCancellationRequested();
        }
        finally
        {
            Volatile.Write(ref _state, Idle);
        }
    }

    /// <summary>Takes the response away from the handler and whatever it started.</summary>
    /// <returns>False when a message is still being written, so that nothing may follow it.</returns>
    public bool TryEnd() => Interlocked.CompareExchange(ref _state, Ended, Idle) == Idle;

    /// <summary>Waits for a slow client no longer than the call lasts, whatever token the handler passed.</summary>
    private async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (cancellationToken == CallEnds || !cancellationToken.CanBeCanceled)
        {
            await call.Http.Response.BodyWriter.WriteAsync(bytes, CallEnds);
            return;
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, CallEnds);
        await call.Http.Response.BodyWriter.WriteAsync(bytes, either.Token);
    }

    private void Begin()
    {
        if (Interlocked.CompareExchange(ref _state, Writing, Idle) is var other and not Idle)
        {
            throw new InvalidOperationException(other == Ended ? "The call has ended." : "Another message is being written.");
        }
    }
}
