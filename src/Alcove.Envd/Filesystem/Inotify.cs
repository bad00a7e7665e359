using Alcove.Envd.Linux;

namespace Alcove.Envd.Filesystem;

/// <summary>One event of the kernel (inotify(7)).</summary>
/// <param name="Watch">Which watch it is about; −1 when events were lost.</param>
/// <param name="Mask">What happened, as bits.</param>
/// <param name="Cookie">Joins the two halves of a rename.</param>
/// <param name="Name">Of the entry in the watched directory; empty for the directory itself.</param>
internal readonly record struct InotifyEvent(int Watch, uint Mask, uint Cookie, string Name);

/// <summary>An inotify descriptor: survives checkpoint and restore, costs no thread.</summary>
internal sealed class Inotify : IDisposable
{
    public const uint Modify = 0x002;
    public const uint Attributes = 0x004;
    public const uint MovedFrom = 0x040;
    public const uint MovedTo = 0x080;
    public const uint Create = 0x100;
    public const uint Delete = 0x200;
    public const uint DeleteSelf = 0x400;
    public const uint MoveSelf = 0x800;
    public const uint Overflow = 0x4000;
    public const uint Ignored = 0x8000;
    public const uint IsDirectory = 0x40000000;

    private const uint OnlyDirectory = 0x01000000;
    private const uint Watched = Modify | Attributes | MovedFrom | MovedTo | Create | Delete | DeleteSelf | MoveSelf | OnlyDirectory;
    private const int HeaderLength = 16;

    private readonly Descriptor _descriptor;
    private readonly byte[] _buffer = new byte[64 * 1024];

    public Inotify()
    {
        var fd = Libc.InotifyInit(Libc.CloseOnExec | Libc.NonBlocking);
        _descriptor = fd >= 0 ? new Descriptor(fd) : throw LinuxException.Last("inotify_init1");
    }

    /// <returns>The watch; −1 when the directory is gone.</returns>
    /// <exception cref="LinuxException">The limit of watches is reached.</exception>
    public int Watch(string directory)
    {
        var watch = Libc.InotifyAddWatch(_descriptor.Value, directory, Watched);
        return watch >= 0 || Errno.Last is Errno.NoEntry or Errno.NotADirectory ? watch : throw LinuxException.Last($"cannot watch {directory}");
    }

    public void Unwatch(int watch) => _ = Libc.InotifyRemoveWatch(_descriptor.Value, watch);

    /// <summary>Waits for events.</summary>
    public async ValueTask<List<InotifyEvent>> ReadAsync(CancellationToken cancellationToken)
    {
        var read = await _descriptor.ReadAsync(_buffer, cancellationToken);
        var events = new List<InotifyEvent>();
        for (var offset = 0; offset < read;)
        {
            var length = BitConverter.ToInt32(_buffer, offset + 12);
            var name = PathText.Decode(_buffer.AsSpan(offset + HeaderLength, length).TrimEnd((byte)0));
            events.Add(new InotifyEvent(BitConverter.ToInt32(_buffer, offset), BitConverter.ToUInt32(_buffer, offset + 4), BitConverter.ToUInt32(_buffer, offset + 8), name));
            offset += HeaderLength + length;
        }

        return events;
    }

    public void Dispose() => _descriptor.Dispose();
}
