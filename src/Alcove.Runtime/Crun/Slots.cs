using System.Threading.Channels;
using Alcove.Runtime.Networking;
using Alcove.Runtime.Storage;
using Microsoft.Extensions.Logging;

namespace Alcove.Runtime.Crun;

/// <summary>
/// A place for one run: a number, and made of it a network namespace, an address, a disk and its mount points. Some are made ahead,
/// so that a create waits for none; each is used once.
/// </summary>
internal sealed partial class Slots(
    SlotAddresses addresses, SlotNetwork network, RootFileSystem storage, int prepared, int preparedDiskMiB, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan FillPause = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly HashSet<int> _taken = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<int> _ready = Channel.CreateBounded<int>(Math.Max(1, prepared));
    private Task _filling = Task.CompletedTask;
    private int _next;

    /// <summary>Fills up in the background from now on.</summary>
    public void Start() => _filling = prepared > 0 ? FillAsync() : Task.CompletedTask;

    /// <summary>Marks the number of a run that is there already.</summary>
    public void Adopt(int slot)
    {
        lock (_lock)
        {
            _taken.Add(slot);
        }
    }

    /// <summary>A number, and whether it has been made already, with a disk of that size.</summary>
    /// <exception cref="RuntimeException">All addresses are taken.</exception>
    public (int Slot, bool Made) Claim(int diskMiB) =>
        diskMiB == preparedDiskMiB && _ready.Reader.TryRead(out var slot) ? (slot, true) : (Take(), false);

    public async Task MakeAsync(int slot, int diskMiB, CancellationToken cancellationToken) =>
        await Task.WhenAll(network.CreateAsync(slot, cancellationToken), storage.CreateDiskAsync(slot, diskMiB, cancellationToken));

    /// <summary>A slot for a run whose disk has been put away: always made when it is needed.</summary>
    /// <returns>Its number.</returns>
    public int ClaimBare() => Take();

    /// <summary>Network, and a disk that is a clone of the image.</summary>
    public async Task MakeAsync(int slot, string image, CancellationToken cancellationToken) =>
        await Task.WhenAll(network.CreateAsync(slot, cancellationToken), Task.Run(() => storage.CloneDisk(slot, image), cancellationToken));

    /// <summary>Removes all of it and gives the number back.</summary>
    public async Task RemoveAsync(int slot)
    {
        await network.RemoveAsync(slot);
        await storage.RemoveAsync(slot);
        lock (_lock)
        {
            _taken.Remove(slot);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _filling;
        while (_ready.Reader.TryRead(out var slot))
        {
            await TryRemoveAsync(slot);
        }

        _stop.Dispose();
    }

    private async Task FillAsync()
    {
        try
        {
            while (await _ready.Writer.WaitToWriteAsync(_stop.Token))
            {
                if (await MakeAheadAsync() is { } slot)
                {
                    await _ready.Writer.WriteAsync(slot, CancellationToken.None);
                }
                else
                {
                    await Task.Delay(FillPause, time, _stop.Token);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The node ends.
        }
    }

    /// <returns>Null when it could not be made: a create will meet the same failure, and report it to somebody who waits for it.</returns>
    private async Task<int?> MakeAheadAsync()
    {
        int? slot = null;
        try
        {
            slot = Take();
            await MakeAsync(slot.Value, preparedDiskMiB, CancellationToken.None);
            return slot;
        }
        catch (Exception e)
        {
            MakeAheadFailed(logger, e);
            await TryRemoveAsync(slot);
            return null;
        }
    }

    private async Task TryRemoveAsync(int? slot)
    {
        try
        {
            await (slot is { } number ? RemoveAsync(number) : Task.CompletedTask);
        }
        catch (Exception e)
        {
            // Its number stays taken, so that nobody meets what is left; the next start of the node removes it.
            RemoveFailed(logger, slot!.Value, e);
        }
    }

    /// <summary>The next free number, going round, so that one just given up rests for a while.</summary>
    private int Take()
    {
        lock (_lock)
        {
            for (var tried = 0; tried < addresses.Count; tried++)
            {
                _next = (_next % addresses.Count) + 1;
                if (_taken.Add(_next))
                {
                    return _next;
                }
            }
        }

        throw new RuntimeException(RuntimeFailure.NoCapacity, $"all {addresses.Count} addresses of {addresses.Range} are taken");
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "No slot could be made ahead")]
    private static partial void MakeAheadFailed(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "Slot {Slot} could not be removed")]
    private static partial void RemoveFailed(ILogger logger, int slot, Exception exception);
}
