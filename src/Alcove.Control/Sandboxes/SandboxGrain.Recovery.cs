using Alcove.Control.Nodes;
using Alcove.Control.Storage;
using Alcove.Protocol.Nodes;
using Alcove.Protocol.Sandboxes;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging;

namespace Alcove.Control.Sandboxes;

/// <summary>This part compares it with what its node has, and goes on with what a crash interrupted: forward where that loses nothing, else back.</summary>
internal sealed partial class SandboxGrain
{
    public async Task LostAsync(long incarnation, string reason)
    {
        if (Row is { Status: SandboxStatus.Starting } && Row.Incarnation == incarnation)
        {
            _lostWhileCreating = reason;
            return;
        }

        // An act that is under way may have been told before that it runs.
        await SettledAsync();
        if (Row is { Status: SandboxStatus.Running } row && row.Incarnation == incarnation)
        {
            await TrackAsync(ActKind.Settle, async () =>
            {
                var sight = await NodeSight.LookAsync(ClientOf(row), Name);
                await (sight.Captures.Any(capture => capture.IsSalvaged) ? SalvageAsync(row, sight) : LoseAsync(reason));
                return ActOutcome.Done;
            });
        }
    }

    public async Task ReconcileAsync()
    {
        // An act that is under way ends by itself, and so does a create: it removes what it cannot finish.
        await SettledAsync();
        if (!_isCreating && _removal is null && Row is { } row)
        {
            await TrackAsync(ActKind.Settle, () => ReconcileCoreAsync(row));
        }
    }

    /// <remarks>It looks for itself, with nothing else being done to it: what its caller saw may be old.</remarks>
    private async Task<ActOutcome> ReconcileCoreAsync(SandboxRow row)
    {
        var sight = await NodeSight.LookAsync(ClientOf(row), Name);
        if (sight.Incarnation != 0 && (sight.Incarnation != row.Incarnation || row.Status == SandboxStatus.Paused))
        {
            await ClientOf(row).KillAsync(Name, sight.Incarnation, CancellationToken.None);
            sight = sight with { Incarnation = 0 };
        }

        await (row.Status switch
        {
            SandboxStatus.Starting or SandboxStatus.Killing => RemoveAsync(),
            SandboxStatus.Running when sight.Incarnation == 0 => SalvageAsync(row, sight),
            SandboxStatus.Running => sight.Awaits is { } capture ? ClientOf(row).SettleAsync(Name, row.Incarnation, capture, goOn: true) : Task.CompletedTask,
            SandboxStatus.Snapshotting => sight.Incarnation == 0 ? SalvageAsync(row, sight) : SettleSnapshotAsync(row),
            SandboxStatus.Pausing => SettlePauseAsync(row, sight),
            SandboxStatus.Paused => sight.Has(row.CaptureId) ? Task.CompletedTask : SalvageAsync(row, sight),
            SandboxStatus.Resuming => SettleWakeAsync(row, sight),
            SandboxStatus.Killed => Task.CompletedTask,
        });
        return ActOutcome.Done;
    }

    private async Task SettleSnapshotAsync(SandboxRow row)
    {
        await ClientOf(row).SettleAsync(Name, row.Incarnation, row.CaptureId!, goOn: true);
        await GoOnAsync(row, route: null);
    }

    /// <summary>Where its capture is whole it is paused: nothing has happened in it since. Otherwise it goes on.</summary>
    private async Task SettlePauseAsync(SandboxRow row, NodeSight sight)
    {
        if (sight.Incarnation != 0)
        {
            var settled = await ClientOf(row).SettleAsync(Name, row.Incarnation, row.CaptureId!, goOn: false);
            await (settled switch
            {
                { Runs: true } => GoOnAsync(row, route: null),
                { Captured: true } => FinishPauseAsync(sight.SizeOf(row.CaptureId), routes.Hide(SandboxId.Parse(Name), (ulong)row.Incarnation)),
                _ => SalvageAsync(row, sight),
            });
            return;
        }

        await (sight.Has(row.CaptureId) ? FinishPauseAsync(sight.SizeOf(row.CaptureId), route: null) : SalvageAsync(row, sight));
    }

    /// <summary>A new run that was confirmed is kept; otherwise it is paused as before, and what was begun of the run is gone already.</summary>
    private async Task SettleWakeAsync(SandboxRow row, NodeSight sight)
    {
        if (sight.Incarnation == row.Incarnation)
        {
            var run = new SandboxRun { Address = sight.Address, StartedAt = Timestamp.FromDateTimeOffset(time.GetUtcNow()), EnvdVersion = row.EnvdVersion };
            await FinishWakeAsync(run, TimeSpan.FromSeconds(row.TimeoutSeconds), row.HasMemory);
            return;
        }

        await _record.MoveToAsync(SandboxStatus.Paused);
        await ReleaseAsync(row);
        if (!sight.Has(row.CaptureId))
        {
            await SalvageAsync(row, sight);
        }
    }

    /// <summary>
    /// Its run went down with the machine, or its node put it away while no server looked after it: from what was kept it can be started. Where
    /// nothing was, it is gone; so is one that was to be killed meanwhile.
    /// </summary>
    private async Task SalvageAsync(SandboxRow row, NodeSight sight)
    {
        if (sight.Captures.Where(capture => capture.IsSalvaged).MaxBy(capture => capture.Incarnation) is not { } left)
        {
            await LoseAsync("it was not running when its node came back");
            return;
        }

        if (row is { Status: SandboxStatus.Running, AutoPause: false } && row.EndAt <= time.GetUtcNow())
        {
            await RemoveAsync();
            return;
        }

        Salvaged(logger, Name);
        routes.Withdraw(SandboxId.Parse(Name), (ulong)row.Incarnation);
        void Take(SandboxRow next) => (next.CaptureId, next.HasMemory, next.CaptureBytes, next.EndAt, next.Address) = (left.CaptureId, left.HasMemory, (long)(left.MemoryBytes + left.DiskBytes), time.GetUtcNow(), null);
        await (Row!.Status == SandboxStatus.Paused ? _record.UpdateAsync(Take) : _record.MoveToAsync(SandboxStatus.Paused, Take));
        await ReleaseAsync(row);
        await NoteAsync("paused", left.HasMemory ? "by its node, while no server looked after it" : "without memory: its processes went down with the machine, its disk is kept");
    }

    private async Task LoseAsync(string reason)
    {
        Lost(logger, Name, reason);
        await NoteAsync("lost", reason);
        await RemoveAsync();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Sandbox {SandboxId} is gone: {Reason}")]
    private static partial void Lost(ILogger logger, string sandboxId, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Sandbox {SandboxId} went down with its machine; its disk is kept, and it is paused")]
    private static partial void Salvaged(ILogger logger, string sandboxId);
}
