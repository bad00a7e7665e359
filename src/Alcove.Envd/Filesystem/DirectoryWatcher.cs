using System.Threading.Channels;
using Alcove.Connect;
using Alcove.Envd.Linux;
using Alcove.Protocol.Filesystem;

namespace Alcove.Envd.Filesystem;

/// <summary>
/// Reports what happens in a directory, and below it when recursive. Nothing is merged or held back. What a new directory held
/// before it was watched is reported as created.
/// </summary>
internal sealed class DirectoryWatcher : IDisposable
{
    /// <summary>Events that nobody has taken; more than these end the watcher with an error.</summary>
    public const int BufferLimit = 65_536;

    private static readonly (uint Bits, EventType Type)[] Expansion =
    [
        (Inotify.Create | Inotify.MovedTo, EventType.Create),
        (Inotify.MovedFrom | Inotify.MoveSelf, EventType.Rename),
        (Inotify.Attributes, EventType.Chmod),
        (Inotify.Modify, EventType.Write),
        (Inotify.Delete | Inotify.DeleteSelf, EventType.Remove),
    ];

    private readonly string _root;
    private readonly bool _recursive;
    private readonly bool _includeEntry;
    private readonly EntryReader _entries;
    private readonly Inotify _inotify = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<int, string> _directories = [];
    private readonly Channel<FilesystemEvent> _events = Channel.CreateBounded<FilesystemEvent>(BufferLimit);

    public DirectoryWatcher(string root, bool recursive, bool includeEntry, EntryReader entries)
    {
        (_root, _recursive, _includeEntry, _entries) = (root, recursive, includeEntry, entries);
        try
        {
            Register(string.Empty, report: false);
        }
        catch
        {
            _inotify.Dispose();
            throw;
        }

        _ = RunAsync();
    }

    public ChannelReader<FilesystemEvent> Events => _events.Reader;

    public void Dispose()
    {
        _stop.Cancel();
        _events.Writer.TryComplete();
    }

    private async Task RunAsync()
    {
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                foreach (var happened in await _inotify.ReadAsync(_stop.Token))
                {
                    Handle(happened);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody watches any more.
        }
        catch (Exception e)
        {
            _events.Writer.TryComplete(e as ConnectException ?? new ConnectException(ConnectCode.Internal, $"watcher error: {e.Message}", e));
        }
        finally
        {
            _inotify.Dispose();
        }
    }

    private void Handle(InotifyEvent happened)
    {
        if ((happened.Mask & Inotify.Overflow) != 0)
        {
            throw new ConnectException(ConnectCode.Internal, "watcher error: events were lost");
        }

        if ((happened.Mask & Inotify.Ignored) != 0)
        {
            _directories.Remove(happened.Watch);
            return;
        }

        // A subdirectory's own end is told by its parent.
        if (!_directories.TryGetValue(happened.Watch, out var directory) || (happened.Name.Length == 0 && directory.Length > 0))
        {
            return;
        }

        var name = directory.Length == 0 ? happened.Name : $"{directory}/{happened.Name}";
        foreach (var (bits, type) in Expansion.Where(entry => (happened.Mask & entry.Bits) != 0))
        {
            Report(name.Length == 0 ? "." : name, type);
        }

        Follow(happened, name);
    }

    /// <summary>Watches directories that come, and no longer those that go elsewhere.</summary>
    private void Follow(InotifyEvent happened, string name)
    {
        if (!_recursive || (happened.Mask & Inotify.IsDirectory) == 0)
        {
            return;
        }

        if ((happened.Mask & Inotify.MovedFrom) != 0)
        {
            Forget(name);
        }

        if ((happened.Mask & (Inotify.Create | Inotify.MovedTo)) != 0)
        {
            Register(name, report: (happened.Mask & Inotify.Create) != 0);
        }
    }

    private void Register(string name, bool report)
    {
        var path = name.Length == 0 ? _root : $"{_root}/{name}";
        var watch = _inotify.Watch(path);
        if (watch < 0)
        {
            return;
        }

        _directories[watch] = name;
        if (!_recursive)
        {
            return;
        }

        foreach (var child in DirectoryWalk.Names(path))
        {
            var below = name.Length == 0 ? child : $"{name}/{child}";
            if (report)
            {
                Report(below, EventType.Create);
            }

            if (FileStatus.Read($"{_root}/{below}", follow: false) is { IsDirectory: true })
            {
                Register(below, report);
            }
        }
    }

    private void Forget(string name)
    {
        foreach (var (watch, _) in _directories.Where(pair => pair.Value == name || pair.Value.StartsWith(name + "/", StringComparison.Ordinal)).ToArray())
        {
            _directories.Remove(watch);
            _inotify.Unwatch(watch);
        }
    }

    private void Report(string name, EventType type)
    {
        var message = new FilesystemEvent { Name = PathText.Readable(name), Type = type };
        if (_includeEntry && (type is EventType.Create or EventType.Write or EventType.Chmod) && _entries.Read(name == "." ? _root : $"{_root}/{name}") is { } entry)
        {
            message.Entry = entry;
        }

        if (!_events.Writer.TryWrite(message) && !_stop.IsCancellationRequested)
        {
            throw new ConnectException(ConnectCode.Internal, $"watcher error: more than {BufferLimit} events wait to be taken");
        }
    }
}
