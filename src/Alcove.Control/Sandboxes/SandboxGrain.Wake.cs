using Alcove.Connect;
using Alcove.Control.Teams;
using Alcove.Protocol.Faults;
using Alcove.Protocol.Nodes;
using Microsoft.Extensions.Logging;

namespace Alcove.Control.Sandboxes;

/// <summary>This part takes it up again.</summary>
internal sealed partial class SandboxGrain
{
    private bool _wakesWithMemory;

    public async Task<ActOutcome> WakeAsync(WakeRequest request)
    {
        for (var round = 0; round < Rounds; round++)
        {
            if (Row is not { } row || row.TeamId != request.TeamId || row.Status is SandboxStatus.Starting)
            {
                return ActOutcome.NotFound;
            }

            if (_removal is not null || row.Status == SandboxStatus.Killing)
            {
                return new ActOutcome(ActResult.Killing);
            }

            if (_act is { } act)
            {
                switch (act.Kind)
                {
                    case ActKind.Wake when _wakesWithMemory && !request.WithMemory:
                        return new ActOutcome(ActResult.StartsWithMemory);
                    case ActKind.Wake:
                        return await JoinAsync(act.Task, request);
                    case ActKind.Capture when request.Manner == WakeManner.Resume:
                        return new ActOutcome(ActResult.Busy, "snapshotting");
                    default:
                        await EndOfAsync(act.Task);
                        continue;
                }
            }

            switch (row.Status)
            {
                case SandboxStatus.Running when row.EndAt <= time.GetUtcNow():
                    await ExpireAsync(row.Incarnation);
                    continue;
                case SandboxStatus.Running:
                    return request.Manner == WakeManner.Connect ? await ExtendAsync(request) : new ActOutcome(ActResult.WasRunning);
                case SandboxStatus.Paused when request.Manner == WakeManner.Traffic && !(row.AutoResume && row.HasMemory):
                    return ActOutcome.NotFound;
                case SandboxStatus.Paused:
                    return await TrackAsync(ActKind.Wake, () => WakeCoreAsync(request));
                default:
                    return Unsettled(row);
            }
        }

        return new ActOutcome(ActResult.Busy, "transitioning");
    }

    /// <summary>1. a place. 2. persisted, with the next run's number. 3. the node. 4. running. 5. reachable; what it was taken from is not needed any more.</summary>
    private async Task<ActOutcome> WakeCoreAsync(WakeRequest request)
    {
        _wakesWithMemory = request.WithMemory && Row!.HasMemory;
        if (!await GrainFactory.GetGrain<ITeamGrain>(request.TeamId).TryReserveAsync(Name, request.Limit))
        {
            return new ActOutcome(ActResult.NoPlace);
        }

        try
        {
            var row = await _record.MoveToAsync(SandboxStatus.Resuming, next => (next.Incarnation, next.AutoPause) = (next.Incarnation + 1, request.AutoPause ?? next.AutoPause));
            FaultPoint.Reach("resume.row-resuming");
            var withMemory = _wakesWithMemory;
            var run = await ClientOf(row).CreateAsync(RunRequests.Resume(row, withMemory, tokens), CancellationToken.None);
            FaultPoint.Reach("resume.restored");
            await FinishWakeAsync(run, request.Timeout < request.LongestLife || request.Manner == WakeManner.Traffic ? request.Timeout : request.LongestLife, withMemory);
            return ActOutcome.Done;
        }
        catch (Exception e)
        {
            return await UndoWakeAsync(e);
        }
    }

    private async Task FinishWakeAsync(SandboxRun run, TimeSpan timeout, bool withMemory)
    {
        var capture = Row!.CaptureId!;
        var row = await _record.MoveToAsync(SandboxStatus.Running, next => Take(next, run, timeout));
        routes.Publish(Route(row, tokens));
        FaultPoint.Reach("resume.row-running");
        _ = TellEndAsync(row, row.EndAt);
        _ = DeleteCaptureAsync(row, capture);
        await NoteAsync("resumed", withMemory ? "with memory" : "started anew from its disk");
    }

    /// <summary>A run that was not confirmed is thrown away, and it is paused as before.</summary>
    private async Task<ActOutcome> UndoWakeAsync(Exception e)
    {
        WakeFailed(logger, Name, e.Message);
        if (Row is not { Status: SandboxStatus.Resuming or SandboxStatus.Paused } row)
        {
            return Row is { Status: SandboxStatus.Running } ? ActOutcome.Done : new ActOutcome(ActResult.Failed, e.Message);
        }

        try
        {
            if (row.Status == SandboxStatus.Resuming)
            {
                await ClientOf(row).KillAsync(Name, row.Incarnation, CancellationToken.None);
                await _record.MoveToAsync(SandboxStatus.Paused);
            }

            await ReleaseAsync(row);
        }
        catch (ConnectException)
        {
            return new ActOutcome(ActResult.NoNode, "its node does not answer");
        }

        await NoteAsync("resume-failed", e.Message);
        return ResultOf(e);
    }

    private async Task<ActOutcome> JoinAsync(Task<ActOutcome> wake, WakeRequest request)
    {
        var outcome = await wake;
        if (outcome.Result == ActResult.Done && request.Manner == WakeManner.Connect)
        {
            await ExtendAsync(request);
        }

        return outcome;
    }

    private async Task<ActOutcome> ExtendAsync(WakeRequest request) => await ChangeTimeAsync(request.TeamId, request.Timeout, TimeChange.Extend, request.LongestLife) switch
    {
        TimeOutcome.UsedUp => new ActOutcome(ActResult.UsedUp),
        _ => new ActOutcome(ActResult.WasRunning),
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "Sandbox {SandboxId} could not be taken up again and stays paused: {Reason}")]
    private static partial void WakeFailed(ILogger logger, string sandboxId, string reason);
}
