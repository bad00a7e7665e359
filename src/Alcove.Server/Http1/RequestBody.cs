using System.Buffers;
using System.Buffers.Text;
using System.Net.Sockets;

namespace Alcove.Server.Http1;

/// <summary>Sends a request's body piece by piece as it comes, and the head with the first piece where that is there in time.</summary>
/// <param name="socket">To the sandbox.</param>
/// <param name="head">The request's first lines, not sent yet.</param>
/// <param name="length">The body's length; null to send it in chunks.</param>
internal sealed class RequestBody(Socket socket, ReadOnlyMemory<byte> head, long? length) : Stream
{
    /// <summary>A chunk's length in hexadecimal and the line ends around it.</summary>
    private const int FrameSize = 16;

    // Two may send the head: the first piece of the body, or whoever notices that there is none yet.
    private readonly SemaphoreSlim _sending = new(1);
    private ReadOnlyMemory<byte> _head = head;
    private long _left = length ?? long.MaxValue;

    /// <summary>Whether the sandbox has been sent the whole request.</summary>
    public bool IsSent { get; private set; }

    /// <summary>Whether the sandbox no longer takes what is sent. It may have answered all the same.</summary>
    public bool HasFailed { get; private set; }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Sends the head if it has not gone yet.</summary>
    public Task SendHeadAsync() => GuardAsync(default, isLast: false, CancellationToken.None);

    /// <summary>Sends what marks the end.</summary>
    public Task FinishAsync() => GuardAsync(default, isLast: true, CancellationToken.None);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        buffer.IsEmpty ? default : new(GuardAsync(buffer, isLast: false, cancellationToken));

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Nothing is kept back except the head, and that not for long.</summary>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private async Task GuardAsync(ReadOnlyMemory<byte> piece, bool isLast, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken);
        try
        {
            await SendAsync(piece, isLast, cancellationToken);
        }
        catch
        {
            HasFailed = true;
            throw;
        }
        finally
        {
            _sending.Release();
        }
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> piece, bool isLast, CancellationToken cancellationToken)
    {
        if (length is not null && _head.IsEmpty)
        {
            await socket.SendAsync(piece, SocketFlags.None, cancellationToken);
        }
        else
        {
            await SendFramedAsync(piece, isLast, cancellationToken);
        }

        _left -= piece.Length;
        IsSent = length is null ? isLast : _left == 0;
    }

    private async ValueTask SendFramedAsync(ReadOnlyMemory<byte> piece, bool isLast, CancellationToken cancellationToken)
    {
        var frame = ArrayPool<byte>.Shared.Rent(_head.Length + piece.Length + FrameSize);
        try
        {
            var size = Frame(piece.Span, isLast, frame);
            _head = default;
            await socket.SendAsync(frame.AsMemory(0, size), SocketFlags.None, cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(frame);
        }
    }

    private int Frame(ReadOnlySpan<byte> piece, bool isLast, Span<byte> frame)
    {
        _head.Span.CopyTo(frame);
        var size = _head.Length;
        var isChunk = length is null && (isLast || !piece.IsEmpty);
        if (isChunk)
        {
            Utf8Formatter.TryFormat(piece.Length, frame[size..], out var digits, 'x');
            size = Append("\r\n"u8, frame, size + digits);
        }

        size = Append(piece, frame, size);
        return isChunk ? Append("\r\n"u8, frame, size) : size;
    }

    private static int Append(ReadOnlySpan<byte> bytes, Span<byte> frame, int size)
    {
        bytes.CopyTo(frame[size..]);
        return size + bytes.Length;
    }
}
