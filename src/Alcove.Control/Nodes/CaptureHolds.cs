using System.Collections.Concurrent;

namespace Alcove.Control.Nodes;

/// <summary>Captures that somebody is about to use and no row speaks of yet. Not persisted: after a crash nobody wants them any more.</summary>
public sealed class CaptureHolds
{
    private readonly ConcurrentDictionary<string, bool> _held = new();

    public bool Contains(string captureId) => _held.ContainsKey(captureId);

    /// <summary>Until disposed.</summary>
    public IDisposable Hold(string captureId)
    {
        _held[captureId] = true;
        return new Release(() => _held.TryRemove(captureId, out _));
    }

    private sealed class Release(Action act) : IDisposable
    {
        public void Dispose() => act();
    }
}
