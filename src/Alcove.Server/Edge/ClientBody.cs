using System.Buffers;
using System.IO.Pipelines;

namespace Alcove.Server.Edge;

/// <summary>Reads a client's request body, and can be told to stop in the middle of a read. (The server's own stream loses its state when a read is cancelled, and complains at the end.)</summary>
internal sealed class ClientBody(PipeReader reader) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Nobody wants the rest: the read in progress, or else the next one, is cancelled.</summary>
    public void Stop() => reader.CancelPendingRead();

    /// <returns>0 at the end, and for an empty <paramref name="buffer"/> once there is something to read.</returns>
    /// <exception cref="OperationCanceledException">Nobody wants the rest.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var result = await reader.ReadAsync(cancellationToken);
        var count = (int)Math.Min(result.Buffer.Length, buffer.Length);
        var piece = result.Buffer.Slice(0, count);
        piece.CopyTo(buffer.Span);
        reader.AdvanceTo(piece.End);
        return result.IsCanceled ? throw new OperationCanceledException("The sandbox has answered already") : count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
