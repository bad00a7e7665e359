using System.Collections.Concurrent;
using Alcove.Runtime.Cgroups;
using Alcove.Runtime.Linux;
using Alcove.Runtime.Networking;
using Alcove.Runtime.Storage;
using Microsoft.Extensions.Logging;

namespace Alcove.Runtime.Crun;

/// <summary>
/// Makes sandboxes real on this machine with crun: opens an installation, starts and ends runs, and takes over those that an earlier
/// process of the node started. One act a sandbox at a time.
/// </summary>
public sealed partial class SandboxRuntime : IAsyncDisposable
{
    /// <value>The sandbox and the capture with which a node tests itself: shown to nobody, adopted by nobody.</value>
    public const string SelfTestId = "selftest";

    private static readonly TimeSpan AfterFailedCapture = TimeSpan.FromSeconds(5);

    private readonly RuntimeOptions _options;
    private readonly HomePaths _paths;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Pool _pool;
    private readonly FreeSpaceWatch _space;
    private readonly HostFirewall _firewall;
    private readonly SlotAddresses _addresses;
    private readonly Turns _turns = new();
    private readonly ConcurrentDictionary<string, Manifest> _manifests = new();
    private readonly CaptureStore _captures;
    private readonly CaptureVerb _capture;
    private readonly StartVerb _start;
    private readonly EndVerb _end;
    private readonly AdoptVerb _adopt;
    /// <summary>When a capture of a run failed. A criu that is killed in the middle can take a process with it: then that has not ended by itself, and the disk is kept.</summary>
    private readonly ConcurrentDictionary<string, long> _captureFailed = new();
    private readonly ProcessWatcher _watcher = new();
    private readonly Slots _slots;

    /// <param name="options">Where and how.</param>
    /// <param name="preparedDiskMiB">Size of the disks that are made ahead.</param>
    /// <param name="time">Clock.</param>
    /// <param name="logger">Told what happens.</param>
    public SandboxRuntime(RuntimeOptions options, int preparedDiskMiB, TimeProvider time, ILogger<SandboxRuntime> logger)
    {
        (_options, _time, _logger) = (options, time, logger);
        _paths = new HomePaths(options.Home);
        var installation = Installation.Id(_paths);
        var cgroups = CgroupLayout.Detect(installation);
        _addresses = new SlotAddresses(options.Slots, installation);
        _pool = new Pool(options, _paths);
        _space = new FreeSpaceWatch(options, _paths, _pool, new Ballast(_paths.Ballast, options.BallastMiB, () => new DriveInfo(options.Home).AvailableFreeSpace), cgroups, time, logger);
        var storage = new RootFileSystem(_paths, _pool, time);
        _firewall = new HostFirewall(_addresses, _paths, options.DirectDns);
        _slots = new Slots(_addresses, new SlotNetwork(_addresses, _paths, time), storage, options.PreparedSlots, preparedDiskMiB, time, logger);
        var crun = new CrunCommand(_paths, cgroups);
        _end = new EndVerb(_paths, cgroups, crun, _slots, _firewall, _addresses, time);
        _captures = new CaptureStore(_paths);
        _capture = new CaptureVerb(_paths, cgroups, crun, _captures, _pool, _space, time, logger);
        _start = new StartVerb(_paths, cgroups, crun, _slots, storage, _captures, _firewall, _addresses, _end, time, logger);
        _adopt = new AdoptVerb(_paths, cgroups, _slots, storage, _captures, _capture, _addresses, _end, time, logger);
    }

    /// <summary>Raised when a run ends by itself; what it was made of is removed right after.</summary>
    public event Action<EndedRun>? RunEnded;

    public IEnumerable<Run> Runs => _manifests.Values.Where(manifest => manifest.Spec.SandboxId != SelfTestId).Select(Describe);

    /// <summary>Mounts, pool, firewall; then everything that is there already: runs are taken over, what is nobody's is removed.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        await PrepareAsync(cancellationToken);
        foreach (var manifest in await _adopt.RunAsync(cancellationToken))
        {
            _manifests[manifest.Spec.SandboxId] = manifest;
        }

        await _firewall.OpenAsync(_manifests.Values.Where(m => !m.Spec.AllowInternet).Select(m => _addresses.Of(m.Slot)), cancellationToken);
        foreach (var manifest in _manifests.Values)
        {
            Follow(manifest);
        }

        _slots.Start();
        _space.Start(() => _manifests.Values, UnlessBusy);
    }

    /// <summary>Directories, the shared mount of mount points, crun's state, the pool.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        foreach (var directory in (string[])[_paths.Sandboxes, _paths.Run, _paths.Templates])
        {
            Directory.CreateDirectory(directory);
        }

        if (!Mounts.IsMountPoint(_paths.Run))
        {
            Mounts.MountShared(_paths.Run);
        }

        Directory.CreateDirectory(_paths.CrunState);
        if (!Mounts.IsMountPoint(_paths.CrunState))
        {
            Mounts.Mount("alcove", _paths.CrunState, "tmpfs", 0, "mode=755");
        }

        await _pool.OpenAsync(cancellationToken);
        foreach (var directory in (string[])[_paths.Sandboxes, _paths.Run, _paths.Pool])
        {
            // Root in a sandbox can make a program that becomes root for whoever runs it: no user of the host may get there.
            File.SetUnixFileMode(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Starts a run, or gives the one that is there when it is the same.</summary>
    /// <param name="spec">What it shall be; layers and sizes are the capture's where there is one.</param>
    /// <param name="from">What to take it up from; null for nothing but its layers.</param>
    /// <param name="ready">Called with its address once its first process runs; the run is committed when this returns.</param>
    /// <param name="cancellationToken">Ends the attempt; what was made is removed.</param>
    /// <exception cref="RuntimeException">It could not be started; nothing of it is left.</exception>
    public Task<Run> StartAsync(RunSpec spec, Restoration? from, Func<Run, CancellationToken, Task> ready, CancellationToken cancellationToken) => _turns.RunAsync(spec.SandboxId, async () =>
    {
        if (_manifests.TryGetValue(spec.SandboxId, out var existing) && existing.PendingCapture is not null && existing.Spec.Incarnation < spec.Incarnation)
        {
            // It was captured and should have been ended: whoever takes the capture up has noted that.
            await _end.RunAsync(existing);
            _manifests.TryRemove(spec.SandboxId, out _);
            existing = null;
        }

        if (existing is not null)
        {
            return existing.Spec.Incarnation == spec.Incarnation
                ? Describe(existing)
                : throw new RuntimeException(RuntimeFailure.Exists, $"sandbox {spec.SandboxId} exists in run {existing.Spec.Incarnation}");
        }

        var (capture, whole) = Resolve(spec, from);
        CheckCapacity(whole, isResume: capture?.SandboxId == spec.SandboxId);
        var manifest = await _start.RunAsync(whole, capture, from?.WithMemory == true, started => ready(Describe(started), cancellationToken), cancellationToken);
        _manifests[spec.SandboxId] = manifest;
        Follow(manifest);
        return Describe(manifest);
    });

    /// <summary>Ends a run and removes everything of it.</summary>
    /// <returns>False when there is none, or only another one.</returns>
    public Task<bool> EndAsync(string sandboxId, ulong? incarnation) => _turns.RunAsync(sandboxId, async () =>
    {
        if (!_manifests.TryGetValue(sandboxId, out var manifest) || (incarnation is { } wanted && manifest.Spec.Incarnation != wanted))
        {
            return false;
        }

        await _end.RunAsync(manifest);
        _manifests.TryRemove(sandboxId, out _);
        _captureFailed.TryRemove(sandboxId, out _);
        return true;
    });

    /// <summary>Memory and disk of a run at one instant.</summary>
    /// <param name="sandboxId">The sandbox.</param>
    /// <param name="incarnation">Which run of it.</param>
    /// <param name="captureId">A name for it. Asked for again, it is there.</param>
    /// <param name="withMemory">Whether the processes shall be in it.</param>
    /// <param name="keepFrozen">Whether the run shall stand still afterwards, until it is ended or settled.</param>
    /// <exception cref="RuntimeException">It cannot be done: the sandbox runs on.</exception>
    public Task<CaptureInfo> CaptureAsync(string sandboxId, ulong incarnation, string captureId, bool withMemory, bool keepFrozen) => _turns.RunAsync(sandboxId, async () =>
    {
        var manifest = Find(sandboxId, incarnation) ?? throw new RuntimeException(RuntimeFailure.NotFound, $"sandbox {sandboxId} does not run here in run {incarnation}");
        if (_captures.Find(captureId) is { } existing)
        {
            return Describe(existing);
        }

        if (!keepFrozen && !_pool.HasRoom())
        {
            throw new RuntimeException(RuntimeFailure.NoCapacity, $"free disk ({_pool.Space().Available >> 20} MiB) is below the reserve");
        }

        if (keepFrozen)
        {
            await UpdateAsync(manifest with { PendingCapture = captureId });
        }

        try
        {
            return Describe(await _capture.RunAsync(manifest, captureId, withMemory, keepFrozen));
        }
        catch
        {
            _captureFailed[sandboxId] = _time.GetTimestamp();
            await (keepFrozen ? UpdateAsync(manifest) : Task.CompletedTask);
            throw;
        }
    });

    /// <summary>What became of a capture that was begun with <c>keepFrozen</c>: it is there, or the run goes on.</summary>
    /// <param name="sandboxId">The sandbox.</param>
    /// <param name="incarnation">Which run of it.</param>
    /// <param name="captureId">The capture.</param>
    /// <param name="goOn">The run shall go on in any case.</param>
    /// <returns>Whether the run goes on, and whether the capture is there.</returns>
    public Task<(bool Runs, bool Captured)> SettleAsync(string sandboxId, ulong incarnation, string captureId, bool goOn) => _turns.RunAsync(sandboxId, async () =>
    {
        var captured = _captures.Find(captureId) is not null;
        if (Find(sandboxId, incarnation) is not { } manifest)
        {
            return (false, captured);
        }

        if (captured && !goOn)
        {
            return (false, true);
        }

        await _capture.ReleaseAsync(manifest, captureId);
        await UpdateAsync(manifest with { PendingCapture = null });
        return (true, captured);
    });

    /// <summary>Notes when the time of a run is up.</summary>
    /// <returns>False when there is no such run.</returns>
    public Task<bool> SetEndAsync(string sandboxId, ulong incarnation, DateTimeOffset endAt) => _turns.RunAsync(sandboxId, async () =>
    {
        if (Find(sandboxId, incarnation) is not { } manifest)
        {
            return false;
        }

        await UpdateAsync(manifest with { EndAt = endAt });
        return true;
    });

    /// <summary>Runs whose time was up before that moment.</summary>
    public IEnumerable<Run> EndedBefore(DateTimeOffset moment) => _manifests.Values.Where(manifest => manifest is { Committed: true, PendingCapture: null } && manifest.EndAt < moment).Select(Describe);

    /// <summary>Puts a run away that nobody has asked to: memory, processes and disk are kept until a server says what becomes of them.</summary>
    /// <exception cref="RuntimeException">It cannot be done: the sandbox runs on.</exception>
    public Task<bool> PutAsideAsync(string sandboxId, ulong incarnation) => _turns.RunAsync(sandboxId, async () =>
    {
        if (Find(sandboxId, incarnation) is not { PendingCapture: null } manifest)
        {
            return false;
        }

        var pending = manifest with { PendingCapture = Capture.SalvageId(manifest) };
        await UpdateAsync(pending);
        try
        {
            await _capture.RunAsync(pending, pending.PendingCapture, withMemory: true, keepFrozen: true, isSalvaged: true);
        }
        catch
        {
            await UpdateAsync(manifest);
            throw;
        }

        await _end.RunAsync(pending);
        return _manifests.TryRemove(sandboxId, out _);
    });

    public IEnumerable<CaptureInfo> Captures => _captures.All().Where(capture => capture.SandboxId != SelfTestId).Select(Describe);

    /// <returns>False when there was none.</returns>
    public bool RemoveCapture(string captureId) => _captures.Remove(captureId);

    /// <summary>Bytes of the pool: in all, and free.</summary>
    public (long Total, long Available) Disk() => _pool.Space();

    /// <value>What the sandboxes' disks lie on.</value>
    public MountPlace DiskPlace => Mounts.PlaceOf(_paths.Pool);

    /// <summary>Removes everything of this installation from the machine: sandboxes, namespaces, mounts, firewall; files of the home stay.</summary>
    public async Task RemoveAllAsync()
    {
        await _adopt.RemoveAllAsync();
        await _firewall.RemoveAsync();
        foreach (var mount in Mounts.Below(_paths.Run).Concat(Mounts.Below(_paths.Pool)))
        {
            await Mounts.UnmountAsync(mount, _time);
        }
    }

    /// <summary>Lets sandboxes live on; only what was made ahead and is not used goes.</summary>
    public async ValueTask DisposeAsync()
    {
        await _space.DisposeAsync();
        await _slots.DisposeAsync();
    }

    private (Capture? Capture, RunSpec Spec) Resolve(RunSpec spec, Restoration? from)
    {
        if (from is null)
        {
            return (null, spec);
        }

        var capture = _captures.Find(from.CaptureId) ?? throw new RuntimeException(RuntimeFailure.NotFound, $"capture {from.CaptureId} is not on this machine");
        return from.WithMemory && !capture.HasMemory
            ? throw new RuntimeException(RuntimeFailure.NotFound, $"capture {from.CaptureId} has no memory")
            : (capture, spec with { Layers = capture.Layers, CpuCount = capture.CpuCount, MemoryMiB = capture.MemoryMiB, DiskMiB = capture.DiskMiB });
    }

    private Manifest? Find(string sandboxId, ulong incarnation) =>
        _manifests.TryGetValue(sandboxId, out var manifest) && manifest.Spec.Incarnation == incarnation ? manifest : null;

    private async Task UpdateAsync(Manifest manifest)
    {
        await Manifest.WriteAsync(_paths.Sandbox(manifest.Spec.SandboxId), manifest);
        _manifests[manifest.Spec.SandboxId] = manifest;
    }

    /// <summary>What was put away may be taken up while there is room for what it writes: afterwards there is more, since its capture goes.</summary>
    private void CheckCapacity(RunSpec spec, bool isResume)
    {
        var available = MachineMemory.Read().Available;
        if (available < (long)_options.MemoryReserveMiB << 20)
        {
            throw new RuntimeException(RuntimeFailure.NoCapacity, $"free memory ({available >> 20} MiB) is below the reserve of {_options.MemoryReserveMiB} MiB");
        }

        if (isResume ? _space.IsShort : !_pool.HasRoom())
        {
            throw new RuntimeException(RuntimeFailure.NoCapacity, $"free disk ({_pool.Space().Available >> 20} MiB) is below the reserve");
        }

        if (spec.Layers.Count == 0)
        {
            throw new RuntimeException(RuntimeFailure.LayerMissing, "a sandbox needs at least one layer");
        }
    }

    private void Follow(Manifest manifest) => _watcher.Watch(manifest.Process!.Value, () => _ = ReapAsync(manifest));

    private async Task ReapAsync(Manifest manifest)
    {
        try
        {
            await _turns.RunAsync(manifest.Spec.SandboxId, () => RemoveEndedAsync(manifest));
        }
        catch (Exception e)
        {
            ReapFailed(_logger, manifest.Spec.SandboxId, e);
        }
    }

    private async Task<bool> RemoveEndedAsync(Manifest manifest)
    {
        var id = manifest.Spec.SandboxId;
        if (!_manifests.TryGetValue(id, out var current) || current.Spec.Incarnation != manifest.Spec.Incarnation)
        {
            return false;
        }

        var reason = _end.Reason(id);
        Ended(_logger, id, reason);
        if (_captureFailed.TryRemove(id, out var since) && _time.GetElapsedTime(since) < AfterFailedCapture)
        {
            await _adopt.SalvageAsync(manifest);
        }

        RunEnded?.Invoke(new EndedRun(id, manifest.Spec.Incarnation, reason));
        await _end.RunAsync(manifest);
        return _manifests.TryRemove(id, out _);
    }

    private Run Describe(Manifest manifest) => new(
        manifest.Spec.SandboxId,
        manifest.Spec.Incarnation,
        manifest switch
        {
            { Committed: false } => RunPhase.Starting,
            { PendingCapture: not null } => RunPhase.Frozen,
            _ => RunPhase.Running,
        },
        _addresses.Of(manifest.Slot),
        manifest.StartedAt,
        manifest.PendingCapture);

    private static CaptureInfo Describe(Capture capture) =>
        new(capture.Id, capture.SandboxId, capture.Incarnation, capture.HasMemory, capture.IsSalvaged, capture.MemoryBytes, capture.DiskBytes);

    private void UnlessBusy(string sandboxId, Action act) => _turns.RunUnlessBusy(sandboxId, () =>
    {
        if (_manifests.TryGetValue(sandboxId, out var manifest) && manifest.PendingCapture is null)
        {
            act();
        }
    });

    [LoggerMessage(Level = LogLevel.Information, Message = "Sandbox {SandboxId} ended by itself: {Reason}")]
    private static partial void Ended(ILogger logger, string sandboxId, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Sandbox {SandboxId} ended by itself, and what it was made of could not be removed: a kill tries again")]
    private static partial void ReapFailed(ILogger logger, string sandboxId, Exception exception);
}
