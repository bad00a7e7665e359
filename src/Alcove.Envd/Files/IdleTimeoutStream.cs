namespace Alcove.Envd.Files;

/// <summary>A body of which no byte comes for too long ends with an error: uploads carry no timeout of their own.</summary>
internal sealed class IdleTimeoutStream(Stream inner, TimeProvider time) : Stream
{
    /// <summary>How long an upload may stand still.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = inner.ReadAsync(buffer, cancellationToken);
        if (read.IsCompleted)
        {
            return await read;
        }

        return await read.AsTask().WaitAsync(Patience, time, cancellationToken);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
