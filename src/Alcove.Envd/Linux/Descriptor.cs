namespace Alcove.Envd.Linux;

/// <summary>A non-blocking file descriptor that is read and written asynchronously.</summary>
internal sealed class Descriptor : IDisposable
{
    private const int GetFlags = 3;
    private const int SetFlags = 4;

    private int _fd;

    /// <summary>Takes ownership of the descriptor and makes it non-blocking.</summary>
    public Descriptor(int fd)
    {
        _fd = fd;
        _ = Libc.Fcntl(fd, SetFlags, Libc.Fcntl(fd, GetFlags, 0) | Libc.NonBlocking);
    }

    public int Value => _fd;

    /// <summary>Reads what is there, waiting for it when nothing is.</summary>
    /// <returns>Bytes read; 0 at the end, which for a terminal is that nobody has it open any more.</returns>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryRead(buffer.Span, out var read))
            {
                return read;
            }

            await Poller.Shared.ReadableAsync(_fd, cancellationToken);
        }
    }

    /// <returns>False when nothing is there now; 0 bytes at the end.</returns>
    public unsafe bool TryRead(Span<byte> buffer, out int read)
    {
        fixed (byte* start = buffer)
        {
            while (true)
            {
                var result = Libc.Read(_fd, start, buffer.Length);
                if (result >= 0)
                {
                    read = (int)result;
                    return true;
                }

                switch (Errno.Last)
                {
                    case Errno.Interrupted:
                        continue;
                    case Errno.Again:
                        read = 0;
                        return false;
                    case Errno.InputOutput:
                        read = 0;
                        return true;
                    default:
                        throw LinuxException.Last("read");
                }
            }
        }
    }

    /// <summary>Writes all of it, waiting while the other side is full.</summary>
    /// <exception cref="LinuxException">Nobody reads any more (EPIPE).</exception>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        while (data.Length > 0)
        {
            var written = TryWrite(data.Span);
            if (written == 0)
            {
                await Poller.Shared.WritableAsync(_fd, cancellationToken);
            }

            data = data[written..];
        }
    }

    public void Dispose()
    {
        var fd = Interlocked.Exchange(ref _fd, -1);
        if (fd >= 0)
        {
            Poller.Shared.Forget(fd);
            _ = Libc.Close(fd);
        }
    }

    private unsafe int TryWrite(ReadOnlySpan<byte> data)
    {
        fixed (byte* start = data)
        {
            while (true)
            {
                var result = Libc.Write(_fd, start, data.Length);
                if (result >= 0)
                {
                    return (int)result;
                }

                switch (Errno.Last)
                {
                    case Errno.Interrupted:
                        continue;
                    case Errno.Again:
                        return 0;
                    default:
                        throw LinuxException.Last("write");
                }
            }
        }
    }
}
