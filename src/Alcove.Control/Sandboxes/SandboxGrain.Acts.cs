using Alcove.Connect;
using Alcove.Control.Nodes;
using Alcove.Control.Routing;
using Alcove.Control.Storage;
using Alcove.Protocol.Faults;
using Alcove.Protocol.Nodes;
using Alcove.Protocol.Sandboxes;
using Microsoft.Extensions.Logging;

namespace Alcove.Control.Sandboxes;

/// <summary>This part puts it away and copies it, and sees to it that of all acts there is one at a time.</summary>
internal sealed partial class SandboxGrain
{
    private const int Rounds = 4;
    private static readonly TimeSpan AutoPausePatience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(60);

    private (ActKind Kind, Task<ActOutcome> Task)? _act;
    private DateTimeOffset? _autoPauseFailsSince;
    private TimeSpan _backoff = FirstBackoff;

    private enum ActKind
    {
        Pause,
        Wake,
        Capture,
        Settle,
    }

    public async Task<ActOutcome> PauseAsync(Guid teamId, bool withMemory)
    {
        for (var round = 0; round < Rounds; round++)
        {
            if (Row is not { } row || row.TeamId != teamId || _removal is not null || row.Status is SandboxStatus.Starting or SandboxStatus.Killing)
            {
                return ActOutcome.NotFound;
            }

            if (_act is { } act)
            {
                if (act.Kind == ActKind.Pause)
                {
                    return await act.Task;
                }

                await EndOfAsync(act.Task);
                continue;
            }

            return row.Status switch
            {
                SandboxStatus.Running => await TrackAsync(ActKind.Pause, () => PauseCoreAsync(row, withMemory)),
                SandboxStatus.Paused => new ActOutcome(ActResult.WasPaused),
                _ => Unsettled(row),
            };
        }

        return new ActOutcome(ActResult.Busy, "snapshotting");
    }

    public async Task<(ActOutcome Outcome, long Bytes)> CaptureAsync(Guid teamId, string captureId)
    {
        for (var round = 0; round < Rounds; round++)
        {
            if (Row is not { } row || row.TeamId != teamId || _removal is not null || row.Status is SandboxStatus.Starting or SandboxStatus.Killing or SandboxStatus.Paused)
            {
                return (ActOutcome.NotFound, 0);
            }

            if (_act is { } act)
            {
                if (act.Kind is ActKind.Pause or ActKind.Capture)
                {
                    return (new ActOutcome(ActResult.Busy, act.Kind == ActKind.Pause ? "pausing" : "snapshotting"), 0);
                }

                await EndOfAsync(act.Task);
                continue;
            }

            var bytes = 0L;
            return row.Status == SandboxStatus.Running
                ? (await TrackAsync(ActKind.Capture, async () =>
                {
                    (var outcome, bytes) = await CaptureCoreAsync(row, captureId);
                    return outcome;
                }), bytes)
                : (Unsettled(row), 0);
        }

        return (new ActOutcome(ActResult.Busy, "resuming"), 0);
    }

    public Task ExpireAsync(long incarnation)
    {
        if (Row is not { Status: SandboxStatus.Running } row || row.Incarnation != incarnation || row.EndAt > time.GetUtcNow() || _act is not null || _removal is not null)
        {
            return Task.CompletedTask;
        }

        Expired(logger, Name);
        return row.AutoPause ? AutoPauseAsync(row) : RemoveAsync();
    }

    public Task RetireAsync(DateTimeOffset pausedBefore) =>
        Row is { Status: SandboxStatus.Paused } row && row.EndAt < pausedBefore && _act is null ? RemoveAsync() : Task.CompletedTask;

    /// <summary>A pause that fails leaves it running: it is tried again for a while, and its owner can read why. Nothing is lost by surprise.</summary>
    private async Task AutoPauseAsync(SandboxRow row)
    {
        var outcome = await TrackAsync(ActKind.Pause, () => PauseCoreAsync(row, row.AutoPauseMemory));
        if (outcome.Result == ActResult.Done || Row is not { Status: SandboxStatus.Running })
        {
            (_autoPauseFailsSince, _backoff) = (null, FirstBackoff);
            return;
        }

        var now = time.GetUtcNow();
        _autoPauseFailsSince ??= now;
        if (now - _autoPauseFailsSince > AutoPausePatience)
        {
            await NoteAsync("killed", $"it could not be paused at its end for {AutoPausePatience.TotalMinutes:0} minutes: {outcome.Reason}");
            await RemoveAsync();
            return;
        }

        await NoteAsync("pause-failed", $"at its end: {outcome.Reason}. It runs on and is tried again in {_backoff.TotalSeconds:0} s");
        await _record.UpdateAsync(next => next.EndAt = now + _backoff);
        _backoff = _backoff * 2 < LongestBackoff ? _backoff * 2 : LongestBackoff;
    }

    /// <summary>1. no new requests. 2. persisted, and shown as paused. 3. captured, and stands still. 4. paused. 5. connections reset, run ended, place free.</summary>
    private async Task<ActOutcome> PauseCoreAsync(SandboxRow row, bool withMemory)
    {
        var route = routes.Hide(SandboxId.Parse(Name), (ulong)row.Incarnation);
        try
        {
            row = await _record.MoveToAsync(SandboxStatus.Pausing, next => (next.CaptureId, next.HasMemory) = (NewCaptureId(), withMemory));
            FaultPoint.Reach("pause.row-pausing");
            var capture = await ClientOf(row).CaptureAsync(new CaptureSandboxRequest
            {
                SandboxId = Name,
                Incarnation = (ulong)row.Incarnation,
                CaptureId = row.CaptureId,
                WithMemory = withMemory,
                KeepFrozen = true,
            });
            FaultPoint.Reach("pause.captured");
            await FinishPauseAsync((long)(capture.MemoryBytes + capture.DiskBytes), route);
            return ActOutcome.Done;
        }
        catch (Exception e)
        {
            return await UndoAsync(e, route);
        }
    }

    private async Task FinishPauseAsync(long bytes, SandboxRoute? route)
    {
        var row = await _record.MoveToAsync(SandboxStatus.Paused, next => (next.EndAt, next.Address, next.CaptureBytes) = (time.GetUtcNow(), null, bytes));
        FaultPoint.Reach("pause.row-paused");
        route?.End();
        await EndRunAsync(row);
        await ReleaseAsync(row);
        await NoteAsync("paused", row.HasMemory ? "with memory" : "without memory");
    }

    /// <summary>A run that is not wanted any more. A node that does not answer is told when it is back.</summary>
    private async Task EndRunAsync(SandboxRow row)
    {
        try
        {
            await ClientOf(row).KillAsync(Name, row.Incarnation, CancellationToken.None);
        }
        catch (ConnectException e)
        {
            KillDelayed(logger, Name, e.Message);
        }
    }

    private async Task<(ActOutcome Outcome, long Bytes)> CaptureCoreAsync(SandboxRow row, string captureId)
    {
        try
        {
            row = await _record.MoveToAsync(SandboxStatus.Snapshotting, next => next.CaptureId = captureId);
            FaultPoint.Reach("snapshot.row-snapshotting");
            var capture = await ClientOf(row).CaptureAsync(new CaptureSandboxRequest { SandboxId = Name, Incarnation = (ulong)row.Incarnation, CaptureId = captureId, WithMemory = true });
            FaultPoint.Reach("snapshot.captured");
            await _record.MoveToAsync(SandboxStatus.Running, next => next.CaptureId = null);
            FaultPoint.Reach("snapshot.row-running");
            return (ActOutcome.Done, (long)(capture.MemoryBytes + capture.DiskBytes));
        }
        catch (Exception e)
        {
            return (await UndoAsync(e, route: null), 0);
        }
    }

    /// <summary>
    /// A pause or a snapshot that failed: it goes on running. Whatever came of the answer, the node knows what is true; one that does not
    /// answer is asked when it is back.
    /// </summary>
    private async Task<ActOutcome> UndoAsync(Exception e, SandboxRoute? route)
    {
        CaptureFailed(logger, Name, e.Message);
        if (Row is { Status: SandboxStatus.Paused } paused)
        {
            // It is paused for good: only the run that stands still is left to be ended.
            route?.End();
            await EndRunAsync(paused);
            await ReleaseAsync(paused);
            return ActOutcome.Done;
        }

        if (Row is not { Status: SandboxStatus.Pausing or SandboxStatus.Snapshotting } row)
        {
            if (Row is { Status: SandboxStatus.Running } && route is not null)
            {
                routes.Publish(route);
            }

            return new ActOutcome(ActResult.Failed, e.Message);
        }

        try
        {
            var settled = await ClientOf(row).SettleAsync(Name, row.Incarnation, row.CaptureId!, goOn: true);
            if (!settled.Runs)
            {
                await SalvageAsync(row, await NodeSight.LookAsync(ClientOf(row), Name));
                return Row is null ? ActOutcome.NotFound : ResultOf(e);
            }

            await GoOnAsync(row, route);
        }
        catch (ConnectException)
        {
            return new ActOutcome(ActResult.NoNode, "its node does not answer");
        }

        await NoteAsync(row.Status == SandboxStatus.Pausing ? "pause-failed" : "snapshot-failed", e.Message);
        return ResultOf(e);
    }

    private async Task GoOnAsync(SandboxRow row, SandboxRoute? route)
    {
        await _record.MoveToAsync(SandboxStatus.Running, next => (next.CaptureId, next.HasMemory) = (null, false));
        routes.Publish(route ?? Route(row, tokens));
        _ = DeleteCaptureAsync(row, row.CaptureId!);
    }

    /// <summary>One that stays is nobody's, and goes when the node is next compared with the rows.</summary>
    private async Task DeleteCaptureAsync(SandboxRow row, string captureId)
    {
        try
        {
            await ClientOf(row).DeleteCaptureAsync(captureId);
        }
        catch (Exception e)
        {
            DeleteFailed(logger, captureId, e.Message);
        }
    }

    private async Task<ActOutcome> TrackAsync(ActKind kind, Func<Task<ActOutcome>> act)
    {
        var task = act();
        if (!task.IsCompleted)
        {
            _act = (kind, task);
        }

        try
        {
            return await task;
        }
        finally
        {
            Forget(task);
        }
    }

    /// <summary>Until nothing is being done to it.</summary>
    private async Task SettledAsync()
    {
        while (_act is { } act)
        {
            await EndOfAsync(act.Task);
        }
    }

    /// <summary>However it ends. Whoever waits may be told before the one that began it, and must not find it again.</summary>
    private async Task EndOfAsync(Task<ActOutcome> task)
    {
        await ((Task)task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        Forget(task);
    }

    private void Forget(Task<ActOutcome> task)
    {
        if (_act?.Task == task)
        {
            _act = null;
        }
    }

    /// <summary>Between two states with nobody at it: its node was lost on the way, and it is decided when that is back.</summary>
    private static ActOutcome Unsettled(SandboxRow row) => new(ActResult.NoNode, $"it is {row.Status.ToString().ToLowerInvariant()}, and its node does not answer");

    private static ActOutcome ResultOf(Exception e) => e is ConnectException { Code: var code }
        ? new ActOutcome(
            code switch
            {
                ConnectCode.Aborted => ActResult.Refused,
                ConnectCode.ResourceExhausted => ActResult.NoCapacity,
                ConnectCode.Unavailable or ConnectCode.FailedPrecondition or ConnectCode.NotFound => ActResult.NoNode,
                ConnectCode.DeadlineExceeded => ActResult.TimedOut,
                _ => ActResult.Failed,
            },
            e.Message)
        : new ActOutcome(ActResult.Failed, e.Message);

    private static string NewCaptureId() => Guid.NewGuid().ToString("n");

    [LoggerMessage(Level = LogLevel.Information, Message = "Sandbox {SandboxId} has reached its end")]
    private static partial void Expired(ILogger logger, string sandboxId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Sandbox {SandboxId} could not be captured and runs on: {Reason}")]
    private static partial void CaptureFailed(ILogger logger, string sandboxId, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Capture {CaptureId} stays on its node for now: {Reason}")]
    private static partial void DeleteFailed(ILogger logger, string captureId, string reason);
}
