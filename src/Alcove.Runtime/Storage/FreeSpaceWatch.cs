using System.Collections.Concurrent;
using System.Globalization;
using Alcove.Runtime.Cgroups;
using Alcove.Runtime.Crun;
using Alcove.Runtime.Linux;
using Microsoft.Extensions.Logging;

namespace Alcove.Runtime.Storage;

/// <summary>
/// Disks are overcommitted, and a full pool is an I/O error to every file system on it. So sandboxes that write stand still before it is
/// full, and go on when there is room again.
/// </summary>
internal sealed partial class FreeSpaceWatch(RuntimeOptions options, HomePaths paths, Pool pool, Ballast ballast, CgroupLayout cgroups, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    /// <summary>What journals and access times come to is no reason to stop.</summary>
    private const long Unnoticed = 1L << 20;
    private const int SectorSize = 512;
    private const int SectorsWritten = 6;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private readonly ConcurrentDictionary<string, bool> _held = new();
    private readonly Dictionary<int, long> _written = [];
    private readonly CancellationTokenSource _stop = new();
    private Task _watching = Task.CompletedTask;

    /// <value>So little is free that nobody may write.</value>
    public bool IsShort => Available < Limit;

    private long Limit => (long)options.DiskFreezeMiB << 20;

    private long Available => pool.Space().Available;

    /// <param name="runs">What runs.</param>
    /// <param name="unlessBusy">Does something to a sandbox to which nothing else is being done.</param>
    public void Start(Func<IEnumerable<Manifest>> runs, Action<string, Action> unlessBusy) => _watching = WatchAsync(runs, unlessBusy);

    /// <summary>Lets a run go on that an act had stopped; where there is no room for what it would write, as soon as there is.</summary>
    public void LetGo(string sandbox)
    {
        if (IsShort && cgroups.StandsStill(sandbox))
        {
            Hold(sandbox);
            return;
        }

        _held.TryRemove(sandbox, out _);
        cgroups.Thaw(sandbox);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    private async Task WatchAsync(Func<IEnumerable<Manifest>> runs, Action<string, Action> unlessBusy)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                Look(runs, unlessBusy);
            }
        }
        catch (OperationCanceledException)
        {
            // The node ends.
        }
    }

    private void Look(Func<IEnumerable<Manifest>> runs, Action<string, Action> unlessBusy)
    {
        try
        {
            if (ballast.Adjust())
            {
                BallastGone(logger, paths.Home);
            }

            if (IsShort)
            {
                StopWriters([.. runs().Where(run => run is { Committed: true, PendingCapture: null })], unlessBusy);
            }
            else if (Available >= Limit + (Limit / 8))
            {
                LetGo(runs().Where(run => run.PendingCapture is null).Select(run => run.Spec.SandboxId), unlessBusy);
            }
        }
        catch (Exception e)
        {
            LookFailed(logger, e);
        }
    }

    /// <summary>A slot's first sight only counts: what it writes from then on stops it.</summary>
    private void StopWriters(List<Manifest> runs, Action<string, Action> unlessBusy)
    {
        foreach (var run in runs.Where(run => !_held.ContainsKey(run.Spec.SandboxId)))
        {
            if (Written(run.Slot) is { } written && written - (_written.TryGetValue(run.Slot, out var before) ? before : _written[run.Slot] = written) >= Unnoticed)
            {
                unlessBusy(run.Spec.SandboxId, () =>
                {
                    cgroups.Freeze(run.Spec.SandboxId);
                    Hold(run.Spec.SandboxId);
                });
            }
        }
    }

    private void LetGo(IEnumerable<string> runs, Action<string, Action> unlessBusy)
    {
        _written.Clear();
        if (_held.IsEmpty)
        {
            return;
        }

        var present = runs.ToHashSet();
        foreach (var sandbox in _held.Keys)
        {
            if (!present.Contains(sandbox))
            {
                _held.TryRemove(sandbox, out _);
                continue;
            }

            unlessBusy(sandbox, () =>
            {
                _held.TryRemove(sandbox, out _);
                cgroups.Thaw(sandbox);
                GoesOn(logger, sandbox);
            });
        }
    }

    private void Hold(string sandbox)
    {
        _held[sandbox] = true;
        StandsStill(logger, sandbox, Available >> 20);
    }

    /// <summary>By its loop device: a write to blocks that are shared takes new ones, but does not make the image longer.</summary>
    /// <returns>Bytes; null when the slot has no disk.</returns>
    private long? Written(int slot) => Mounts.Device(paths.SlotDisk(slot)) is { } device && File.Exists($"/sys/dev/block/{device}/stat")
        ? long.Parse(File.ReadAllText($"/sys/dev/block/{device}/stat").Split(' ', StringSplitOptions.RemoveEmptyEntries)[SectorsWritten], CultureInfo.InvariantCulture) * SectorSize
        : null;

    [LoggerMessage(Level = LogLevel.Warning, Message = "Sandbox {SandboxId} stands still: it writes, and only {Free} MiB of disk are free. It goes on when there is room")]
    private static partial void StandsStill(ILogger logger, string sandboxId, long free);

    [LoggerMessage(Level = LogLevel.Information, Message = "Sandbox {SandboxId} goes on: there is room on the disk again")]
    private static partial void GoesOn(ILogger logger, string sandboxId);

    [LoggerMessage(Level = LogLevel.Error, Message = "The disk of {Home} is full: the ballast is given up, so that rows and manifests can be written")]
    private static partial void BallastGone(ILogger logger, string home);

    [LoggerMessage(Level = LogLevel.Error, Message = "A look at the free space failed")]
    private static partial void LookFailed(ILogger logger, Exception exception);
}
