using Alcove.Connect;
using Alcove.Control.Nodes;
using Alcove.Control.Routing;
using Alcove.Control.Storage;
using Alcove.Control.Teams;
using Alcove.Protocol.Nodes;
using Alcove.Protocol.Sandboxes;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;

namespace Alcove.Control.Sandboxes;

/// <summary>
/// Decides and persists; the node acts. A transition is written before its act and confirmed after it, so that whoever wakes this
/// sandbox after a crash knows what was going on. Calls interleave: of each act there is one at a time, shared by all who ask for it.
/// This part makes and removes it.
/// </summary>
[Reentrant]
internal sealed partial class SandboxGrain(
    Database database, NodeRegistry nodes, NodeStandings standings, RouteTable routes, SandboxTokens tokens, SandboxEvents events, TimeProvider time, ILogger<SandboxGrain> logger) : Grain, ISandboxGrain
{
    private SandboxRecord _record = null!;
    private Task? _removal;
    private bool _isCreating;
    private string? _lostWhileCreating;

    private string Name => this.GetPrimaryKeyString();

    private SandboxRow? Row => _record.Row;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _record = new SandboxRecord(database, Name);
        return _record.LoadAsync(cancellationToken);
    }

    public async Task<CreateOutcome> CreateAsync(SandboxPlan plan)
    {
        var open = nodes.All.Where(standings.Accepts);
        var node = plan.NodeId is null ? Placement.Placement.Choose(open, plan.Digest) : open.FirstOrDefault(named => named.IsReady && named.Id == plan.NodeId);
        if (node is null)
        {
            return new CreateOutcome(CreateResult.NoNode, WhyNowhere());
        }

        _isCreating = true;
        try
        {
            await _record.InsertAsync(RunRequests.NewRow(Name, plan, node.Id, time.GetUtcNow()));
            var run = await node.Client.CreateAsync(RunRequests.First(Row!, plan, tokens), CancellationToken.None);
            await ConfirmAsync(run, plan.Timeout);
            nodes.CountCreate(node.Id, succeeded: true);
            await NoteAsync("created", plan.CaptureId is null ? $"from template {plan.TemplateId}" : $"from a snapshot, template {plan.TemplateId}");
            return new CreateOutcome(CreateResult.Created, null);
        }
        catch (Exception e)
        {
            CreateFailed(logger, Name, e.Message);
            nodes.CountCreate(node.Id, succeeded: false);
            await RemoveAsync();
            return e is ConnectException failure ? Failed(failure) : new CreateOutcome(CreateResult.Failed, null);
        }
        finally
        {
            _isCreating = false;
        }
    }

    private string WhyNowhere() =>
        !nodes.All.Any(node => node.IsReady) ? "no node is connected"
        : !nodes.All.Any(node => node.IsReady && standings.Accepts(node)) ? "no node takes new sandboxes at present"
        : "no node has this template";

    public async Task<bool> KillAsync(Guid teamId)
    {
        await SettledAsync();
        if (Row?.TeamId != teamId || Row.Status is SandboxStatus.Starting)
        {
            return false;
        }

        await RemoveAsync();
        return true;
    }

    public async Task<TimeOutcome> ChangeTimeAsync(Guid teamId, TimeSpan span, TimeChange change, TimeSpan longestLife)
    {
        if (Row is not { } row || row.TeamId != teamId || row.Status is SandboxStatus.Starting or SandboxStatus.Paused)
        {
            return TimeOutcome.NotFound;
        }

        if (_removal is not null || row.Status == SandboxStatus.Killing)
        {
            return TimeOutcome.Killing;
        }

        if (row.Status is SandboxStatus.Pausing or SandboxStatus.Resuming)
        {
            return TimeOutcome.Pausing;
        }

        var (now, last) = (time.GetUtcNow(), row.StartedAt + longestLife);
        if (last <= now)
        {
            return TimeOutcome.UsedUp;
        }

        var end = now + span < last ? now + span : last;
        if (change == TimeChange.Set || end > row.EndAt)
        {
            await _record.UpdateAsync(next => next.EndAt = end);
            _ = TellEndAsync(row, end);
        }

        return TimeOutcome.Changed;
    }

    public Task RetryRemovalAsync() => Row is { Status: SandboxStatus.Killing } ? RemoveAsync() : Task.CompletedTask;

    /// <summary>The removal that is under way, or a new one.</summary>
    private async Task RemoveAsync()
    {
        var removal = _removal ??= RemoveCoreAsync();
        try
        {
            await removal;
        }
        finally
        {
            _removal = null;
        }
    }

    /// <summary>1. persisted. 2. no route. 3. no run, no capture. 4. no place, no row. A node that is away keeps it at 2 until it is back.</summary>
    private async Task RemoveCoreAsync()
    {
        if (Row is not { } row)
        {
            return;
        }

        if (row.Status != SandboxStatus.Killing)
        {
            row = await _record.MoveToAsync(SandboxStatus.Killing);
        }

        routes.Withdraw(SandboxId.Parse(Name), (ulong)row.Incarnation);
        try
        {
            var client = ClientOf(row);
            await client.KillAsync(Name, incarnation: 0, CancellationToken.None);
            if (row.CaptureId is { } capture)
            {
                await client.DeleteCaptureAsync(capture);
            }
        }
        catch (ConnectException e)
        {
            KillDelayed(logger, Name, e.Message);
            return;
        }

        await _record.MoveToAsync(SandboxStatus.Killed);
        await _record.DeleteAsync();
        await ReleaseAsync(row);
        await NoteAsync("killed", "removed with all that belonged to it", row.TeamId);
        DeactivateOnIdle();
    }

    private async Task ConfirmAsync(SandboxRun run, TimeSpan timeout)
    {
        if (_lostWhileCreating is { } reason)
        {
            throw new ConnectException(ConnectCode.Internal, $"it ended as soon as it had started: {reason}");
        }

        var row = await _record.MoveToAsync(SandboxStatus.Running, next => Take(next, run, timeout));
        routes.Publish(Route(row, tokens));
        _ = TellEndAsync(row, row.EndAt);
    }

    /// <summary>What a run that was started says of itself; what it was started from is its own from now on.</summary>
    private static void Take(SandboxRow row, SandboxRun run, TimeSpan timeout)
    {
        row.Address = run.Address;
        row.StartedAt = run.StartedAt.ToDateTimeOffset();
        row.EndAt = row.StartedAt + timeout;
        row.EnvdVersion = run.EnvdVersion;
        (row.CaptureId, row.HasMemory, row.CaptureBytes) = (null, false, 0);
    }

    /// <summary>The route of a running row; the server publishes those of all rows when it starts.</summary>
    internal static SandboxRoute Route(SandboxRow row, SandboxTokens tokens)
    {
        var id = SandboxId.Parse(row.Id);
        return new SandboxRoute(
            id,
            (ulong)row.Incarnation,
            row.NodeId,
            System.Net.IPAddress.Parse(row.Address!),
            row.IsSecured ? tokens.Envd(id) : null,
            row.AllowPublicTraffic ? null : tokens.Traffic(id),
            row.MaskRequestHost);
    }

    private NodeClient ClientOf(SandboxRow row) =>
        nodes.Find(row.NodeId)?.Client ?? throw new ConnectException(ConnectCode.Unavailable, $"node {row.NodeId} has not been seen since the server started");

    /// <summary>The node needs it only when no server is there for long; it is told again with every change.</summary>
    private async Task TellEndAsync(SandboxRow row, DateTimeOffset end)
    {
        try
        {
            await ClientOf(row).SetEndAsync(Name, row.Incarnation, end);
        }
        catch (ConnectException e)
        {
            EndUntold(logger, Name, e.Message);
        }
    }

    private Task ReleaseAsync(SandboxRow row) => GrainFactory.GetGrain<ITeamGrain>(row.TeamId).ReleaseAsync(Name);

    /// <summary>An event that cannot be written is no reason to fail what it tells of.</summary>
    private async Task NoteAsync(string kind, string message, Guid? teamId = null)
    {
        try
        {
            await events.AddAsync(Name, teamId ?? Row!.TeamId, kind, message);
        }
        catch (Exception e)
        {
            NoteFailed(logger, Name, kind, e);
        }
    }

    /// <summary>What the node says of room is for the caller too; what it says of its sockets is for the log.</summary>
    private static CreateOutcome Failed(ConnectException e)
    {
        var result = e.Code switch
        {
            ConnectCode.ResourceExhausted => CreateResult.NoCapacity,
            ConnectCode.FailedPrecondition or ConnectCode.Unavailable => CreateResult.NoNode,
            ConnectCode.DeadlineExceeded => CreateResult.TimedOut,
            _ => CreateResult.Failed,
        };
        return new CreateOutcome(result, result == CreateResult.NoNode ? "the node does not answer, or lacks the template" : e.Message);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Sandbox {SandboxId} could not be created: {Reason}")]
    private static partial void CreateFailed(ILogger logger, string sandboxId, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Sandbox {SandboxId} is killed as soon as its node answers: {Reason}")]
    private static partial void KillDelayed(ILogger logger, string sandboxId, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Sandbox {SandboxId}: its node was not told of its new end: {Reason}")]
    private static partial void EndUntold(ILogger logger, string sandboxId, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Sandbox {SandboxId}: the event '{Kind}' could not be written")]
    private static partial void NoteFailed(ILogger logger, string sandboxId, string kind, Exception exception);
}
