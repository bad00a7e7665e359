using System.Buffers.Text;
using System.Net.Http.Headers;

namespace Alcove.Server.Http1;

/// <summary>How the end of a response's body is found.</summary>
internal enum Framing
{
    /// <summary>After a number of bytes, possibly none.</summary>
    Length,

    /// <summary>At a chunk of no bytes, after which trailers may follow.</summary>
    Chunked,

    /// <summary>Where the connection ends.</summary>
    UntilClose,
}

/// <summary>Reads a response's body without its framing.</summary>
internal sealed class ResponseBody : Stream
{
    private readonly Http1Exchange _exchange;
    private readonly ReceiveBuffer _received;
    private readonly Framing _framing;
    private readonly HttpResponseHeaders _trailers;
    private long _left;
    private bool _isFirstChunk = true;
    private bool _isComplete;

    /// <param name="exchange">Told when the body is complete, or given up.</param>
    /// <param name="received">Where the body comes from.</param>
    /// <param name="framing">How its end is found.</param>
    /// <param name="length">Its length with <see cref="Framing.Length"/>, otherwise 0.</param>
    /// <param name="trailers">Where trailers go.</param>
    public ResponseBody(Http1Exchange exchange, ReceiveBuffer received, Framing framing, long length, HttpResponseHeaders trailers)
    {
        (_exchange, _received, _framing, _left, _trailers) = (exchange, received, framing, length, trailers);
        if (framing == Framing.Length && length == 0)
        {
            Complete();
        }
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <returns>0 at the end, and for an empty <paramref name="buffer"/> once there is something to read.</returns>
    /// <exception cref="IOException">The connection ended before the body did.</exception>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_isComplete)
        {
            return ValueTask.FromResult(0);
        }

        return buffer.IsEmpty
            ? _received.ReadAsync(buffer, cancellationToken)
            : ReadSomeAsync(buffer, cancellationToken);
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

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isComplete)
        {
            _isComplete = true;
            _exchange.GiveUp();
        }

        base.Dispose(disposing);
    }

    private async ValueTask<int> ReadSomeAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_framing == Framing.Chunked && _left == 0 && !await BeginChunkAsync(cancellationToken))
        {
            Complete();
            return 0;
        }

        var wanted = _framing == Framing.UntilClose ? buffer.Length : (int)Math.Min(buffer.Length, _left);
        var count = await _received.ReadAsync(buffer[..wanted], cancellationToken);
        if (count == 0)
        {
            EndByClose();
        }

        _left -= count;
        if (_framing == Framing.Length && _left == 0)
        {
            Complete();
        }

        return count;
    }

    private void EndByClose()
    {
        if (_framing != Framing.UntilClose)
        {
            throw new EndOfStreamException("The sandbox closed the connection in the middle of its answer");
        }

        Complete();
    }

    /// <returns>False after the last chunk and its trailers.</returns>
    private async ValueTask<bool> BeginChunkAsync(CancellationToken cancellationToken)
    {
        var length = await _received.FindLineAsync(cancellationToken);
        if (!_isFirstChunk)
        {
            EndChunk(_received.Unread[..length]);
            _received.Skip(length);
            length = await _received.FindLineAsync(cancellationToken);
        }

        _isFirstChunk = false;
        _left = ReadSize(_received.Unread[..length]);
        _received.Skip(length);
        return _left > 0 || await ReadTrailersAsync(cancellationToken);
    }

    private static void EndChunk(ReadOnlySpan<byte> line)
    {
        if (!line.Trim("\r\n"u8).IsEmpty)
        {
            throw new IOException("The sandbox sent a chunk that is longer than it says");
        }
    }

    /// <summary>Digits, and perhaps an extension behind a semicolon.</summary>
    private static long ReadSize(ReadOnlySpan<byte> line) =>
        Utf8Parser.TryParse(line, out long size, out var digits, 'x') && size >= 0 && line[digits..].TrimEnd(" \t\r\n"u8) is [] or [(byte)';' or (byte)' ' or (byte)'\t', ..]
            ? size
            : throw new IOException("The sandbox sent a chunk whose length is none");

    private async ValueTask<bool> ReadTrailersAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var length = await _received.FindLineAsync(cancellationToken);
            var isField = ResponseHead.TryReadField(_received.Unread[..length], out var name, out var value);
            _received.Skip(length);
            if (!isField)
            {
                return false;
            }

            _trailers.TryAddWithoutValidation(name, value);
        }
    }

    private void Complete()
    {
        _isComplete = true;
        _exchange.Complete();
    }
}
