using System.Collections.Concurrent;
using Alcove.Connect;
using Alcove.Envd.Linux;
using Alcove.Protocol.Filesystem;

namespace Alcove.Envd.Filesystem;

/// <summary>Opens watchers, and keeps those that are polled: they live until they are removed, whoever comes and goes.</summary>
internal sealed class WatcherTable(EntryReader entries)
{
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>NFS, CIFS, SMB, SMB2 and FUSE: changes made elsewhere raise no events (statfs(2), linux/magic.h).</summary>
    private static readonly HashSet<uint> NetworkFileSystems = [0x6969, 0xFF534D42, 0x517B, 0xFE534D42, 0x65735546];

    private readonly ConcurrentDictionary<string, DirectoryWatcher> _watchers = new(StringComparer.Ordinal);

    /// <exception cref="ConnectException">The path cannot be watched.</exception>
    public DirectoryWatcher Open(string path, bool recursive, bool includeEntry, bool allowNetworkMounts)
    {
        if (FileStatus.Read(path, follow: true, out var error) is not { } status)
        {
            throw Errno.IsMissing(error)
                ? new ConnectException(ConnectCode.NotFound, $"path {path} not found: {Errno.Describe(error)}")
                : new ConnectException(ConnectCode.Internal, $"error looking at {path}: {Errno.Describe(error)}");
        }

        if (!status.IsDirectory)
        {
            throw new ConnectException(ConnectCode.InvalidArgument, $"path {path} not a directory");
        }

        if (!allowNetworkMounts && IsNetworkMount(path))
        {
            throw new ConnectException(ConnectCode.InvalidArgument, $"cannot watch path on network filesystem: {path}");
        }

        try
        {
            return new DirectoryWatcher(path.TrimEnd('/') is { Length: > 0 } root ? root : "/", recursive, includeEntry, entries);
        }
        catch (LinuxException e)
        {
            throw new ConnectException(ConnectCode.Internal, $"watcher error: {e.Message}", e);
        }
    }

    /// <returns>The new watcher's id.</returns>
    public string Add(string path, bool recursive, bool includeEntry, bool allowNetworkMounts)
    {
        var id = "w" + string.Concat(Guid.NewGuid().ToByteArray().Concat(Guid.NewGuid().ToByteArray()).Take(20).Select(value => Alphabet[value % Alphabet.Length]));
        _watchers[id] = Open(path, recursive, includeEntry, allowNetworkMounts);
        return id;
    }

    /// <returns>What has happened since the last time, in order.</returns>
    /// <exception cref="ConnectException">There is no such watcher, or it has failed.</exception>
    public List<FilesystemEvent> TakeEvents(string id)
    {
        var watcher = _watchers.GetValueOrDefault(id) ?? throw NotFound(id);
        var events = new List<FilesystemEvent>();
        while (watcher.Events.TryRead(out var message))
        {
            events.Add(message);
        }

        if (events.Count == 0 && watcher.Events.Completion is { IsFaulted: true, Exception.InnerException: ConnectException error })
        {
            throw error;
        }

        return events;
    }

    /// <exception cref="ConnectException">There is no such watcher.</exception>
    public void Remove(string id)
    {
        if (!_watchers.TryRemove(id, out var watcher))
        {
            throw NotFound(id);
        }

        watcher.Dispose();
    }

    private static ConnectException NotFound(string id) => new(ConnectCode.NotFound, $"watcher with id {id} not found");

    private static unsafe bool IsNetworkMount(string path)
    {
        var buffer = stackalloc nint[32];
        return Libc.StatFileSystem(path, buffer) == 0 && NetworkFileSystems.Contains((uint)buffer[0]);
    }
}
