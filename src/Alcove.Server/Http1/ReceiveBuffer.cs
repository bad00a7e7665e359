using System.Buffers;
using System.Net.Sockets;

namespace Alcove.Server.Http1;

/// <summary>What a socket has received beyond what was asked for. Holds memory only while there is some.</summary>
internal sealed class ReceiveBuffer(Socket socket)
{
    private const int InitialSize = 8 << 10;

    /// <summary>The longest head or line that is read. Kestrel would not pass on more headers than fit.</summary>
    private const int MaximumSize = 256 << 10;

    private byte[]? _bytes;
    private int _start;
    private int _end;

    public ReadOnlySpan<byte> Unread => _bytes.AsSpan(_start, _end - _start);

    public bool IsEmpty => _start == _end;

    public void Skip(int count)
    {
        _start += count;
        if (IsEmpty)
        {
            Release();
        }
    }

    /// <summary>Receives more behind what is unread.</summary>
    /// <returns>False at the end of the stream.</returns>
    /// <exception cref="IOException">There are <see cref="MaximumSize"/> bytes unread already.</exception>
    public async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        MakeRoom();
        var count = await socket.ReceiveAsync(_bytes.AsMemory(_end), SocketFlags.None, cancellationToken);
        _end += count;
        if (IsEmpty)
        {
            Release();
        }

        return count > 0;
    }

    /// <summary>Makes sure that a whole line is unread.</summary>
    /// <returns>Its length with the line feed.</returns>
    /// <exception cref="IOException">The stream ends before the line does, or the line is too long.</exception>
    public async ValueTask<int> FindLineAsync(CancellationToken cancellationToken)
    {
        var seen = 0;
        while (true)
        {
            var at = Unread[seen..].IndexOf((byte)'\n');
            if (at >= 0)
            {
                return seen + at + 1;
            }

            seen = Unread.Length;
            if (!await FillAsync(cancellationToken))
            {
                throw new EndOfStreamException("The connection was closed in the middle of a message");
            }
        }
    }

    /// <summary>Hands out what is unread, or receives straight into <paramref name="destination"/>; an empty one waits until there is something.</summary>
    /// <returns>0 at the end of the stream.</returns>
    public ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        if (IsEmpty)
        {
            return socket.ReceiveAsync(destination, SocketFlags.None, cancellationToken);
        }

        var count = Math.Min(destination.Length, Unread.Length);
        Unread[..count].CopyTo(destination.Span);
        Skip(count);
        return ValueTask.FromResult(count);
    }

    private void MakeRoom()
    {
        _bytes ??= ArrayPool<byte>.Shared.Rent(InitialSize);
        if (_end < _bytes.Length)
        {
            return;
        }

        var unread = Unread.Length;
        var target = unread <= _bytes.Length / 2 ? _bytes : ArrayPool<byte>.Shared.Rent(Larger(_bytes.Length));
        Unread.CopyTo(target);
        if (target != _bytes)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
        }

        (_bytes, _start, _end) = (target, 0, unread);
    }

    private static int Larger(int size) =>
        size < MaximumSize ? size * 2 : throw new IOException("The sandbox sent a longer line or head than is accepted");

    private void Release()
    {
        if (_bytes is { } bytes)
        {
            _bytes = null;
            _start = _end = 0;
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }
}
