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
    private (uint Cookie, string Name)? _leaving;
    private readonly Channel<FilesystemEvent> _events = Channel.CreateBounded<FilesystemEvent>(BufferLimit);

    public DirectoryWatcher(string root, bool recursive, bool includeEntry, EntryReader entries)
    {
        (_root, _recursive, _includeEntry, _entries) = (root, recursive, includeEntry, entries);
        try
        {
            Register(string.Empty, report: false);
            if (_directories.Count == 0)
            {
                throw new ConnectException(ConnectCode.NotFound, $"path {root} not found: it is gone");
            }
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

        var before = TakeLeaving(happened);
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

        Follow(happened, name, before);
    }

    /// <summary>The kernel tells both halves of a rename one after the other: whatever else comes after the first means that the directory has left.</summary>
    /// <returns>The directory's former name when this is the second half; else null.</returns>
    private string? TakeLeaving(InotifyEvent happened)
    {
        if (_leaving is not var (cookie, name))
        {
            return null;
        }

        _leaving = null;
        if ((happened.Mask & Inotify.MovedTo) != 0 && happened.Cookie == cookie)
        {
            return name;
        }

        Forget(name);
        return null;
    }

    /// <summary>Watches directories that come, stays with those that only change their name, and leaves those that go elsewhere.</summary>
    private void Follow(InotifyEvent happened, string name, string? before)
    {
        if (!_recursive || (happened.Mask & Inotify.IsDirectory) == 0)
        {
            return;
        }

        if ((happened.Mask & Inotify.MovedFrom) != 0)
        {
            _leaving = (happened.Cookie, name);
        }

        if ((happened.Mask & (Inotify.Create | Inotify.MovedTo)) != 0 && !(before is not null && Rename(before, name)))
        {
            // One that was renamed before it could be watched is as good as new.
            Register(name, report: before is not null || (happened.Mask & Inotify.Create) != 0);
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

    /// <returns>False when it was not watched.</returns>
    private bool Rename(string before, string name)
    {
        var watches = From(before);
        foreach (var (watch, below) in watches)
        {
            _directories[watch] = name + below[before.Length..];
        }

        return watches.Length > 0;
    }

    /// <summary>The watches of a directory and of all below it.</summary>
    private KeyValuePair<int, string>[] From(string name) =>
        [.. _directories.Where(pair => pair.Value == name || pair.Value.StartsWith(name + "/", StringComparison.Ordinal))];

    private void Forget(string name)
    {
        foreach (var (watch, _) in From(name))
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
