using System.Threading.Channels;
using Alcove.Runtime.Networking;
using Alcove.Runtime.Storage;
using Microsoft.Extensions.Logging;

namespace Alcove.Runtime.Crun;

/// <summary>A slot that was taken for a run, and what of it is there already.</summary>
/// <param name="Slot">Its number.</param>
/// <param name="HasNetwork">Whether its network has been made ahead.</param>
/// <param name="HasDisk">Whether its disk has been made ahead.</param>
internal readonly record struct SlotClaim(int Slot, bool HasNetwork, bool HasDisk);

/// <summary>
/// A place for one run: a number, and made of it a network namespace, an address, a disk and its mount points. Some are made ahead, whole ones
/// for creates and networks alone for resumes, so that neither waits; each is used once.
/// </summary>
internal sealed partial class Slots(
    SlotAddresses addresses, SlotNetwork network, RootFileSystem storage, int prepared, int preparedDiskMiB, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan FillPause = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly HashSet<int> _taken = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<int> _ready = Channel.CreateBounded<int>(Math.Max(1, prepared));
    private readonly Channel<int> _networks = Channel.CreateBounded<int>(Math.Max(1, prepared / 2));
    private Task _filling = Task.CompletedTask;
    private int _next;

    /// <summary>Fills up in the background from now on.</summary>
    public void Start() => _filling = prepared == 0 ? Task.CompletedTask : Task.WhenAll(
        FillAsync(_ready.Writer, slot => CompleteAsync(new SlotClaim(slot, false, false), preparedDiskMiB, CancellationToken.None)),
        FillAsync(_networks.Writer, slot => network.CreateAsync(slot, CancellationToken.None)));

    /// <summary>Marks the number of a run that is there already.</summary>
    public void Adopt(int slot)
    {
        lock (_lock)
        {
            _taken.Add(slot);
        }
    }

    /// <summary>A slot for a run with a blank disk of that size.</summary>
    /// <exception cref="RuntimeException">All addresses are taken.</exception>
    public SlotClaim ClaimBlank(int diskMiB) =>
        diskMiB == preparedDiskMiB && _ready.Reader.TryRead(out var slot) ? new(slot, HasNetwork: true, HasDisk: true) : new(Take(), HasNetwork: false, HasDisk: false);

    /// <summary>A slot for a run whose disk has been put away.</summary>
    /// <exception cref="RuntimeException">All addresses are taken.</exception>
    public SlotClaim ClaimBare() => _networks.Reader.TryRead(out var slot) ? new(slot, HasNetwork: true, HasDisk: false) : new(Take(), HasNetwork: false, HasDisk: false);

    /// <summary>What is not there yet, with a blank disk.</summary>
    public Task CompleteAsync(SlotClaim claim, int diskMiB, CancellationToken cancellationToken) => Task.WhenAll(
        claim.HasNetwork ? Task.CompletedTask : network.CreateAsync(claim.Slot, cancellationToken),
        claim.HasDisk ? Task.CompletedTask : storage.CreateDiskAsync(claim.Slot, diskMiB, cancellationToken));

    /// <summary>What is not there yet, with a disk that is a clone of the image.</summary>
    public Task CompleteAsync(SlotClaim claim, string image, CancellationToken cancellationToken) => Task.WhenAll(
        claim.HasNetwork ? Task.CompletedTask : network.CreateAsync(claim.Slot, cancellationToken),
        Task.Run(() => storage.CloneDisk(claim.Slot, image), cancellationToken));

    /// <summary>Removes all of it and gives the number back.</summary>
    public async Task RemoveAsync(int slot)
    {
        await Task.WhenAll(network.RemoveAsync(slot), storage.RemoveAsync(slot));
        lock (_lock)
        {
            _taken.Remove(slot);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _filling;
        while (_ready.Reader.TryRead(out var slot) || _networks.Reader.TryRead(out slot))
        {
            await TryRemoveAsync(slot);
        }

        _stop.Dispose();
    }

    private async Task FillAsync(ChannelWriter<int> ready, Func<int, Task> make)
    {
        try
        {
            while (await ready.WaitToWriteAsync(_stop.Token))
            {
                if (await MakeAheadAsync(make) is { } slot)
                {
                    await ready.WriteAsync(slot, CancellationToken.None);
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
    private async Task<int?> MakeAheadAsync(Func<int, Task> make)
    {
        int? slot = null;
        try
        {
            slot = Take();
            await make(slot.Value);
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
