using System.Net;
using Alcove.Connect;
using Alcove.Control.Nodes;
using Alcove.Control.Routing;
using Alcove.Control.Storage;
using Alcove.Control.Teams;
using Alcove.Protocol.Nodes;
using Alcove.Protocol.Sandboxes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;

namespace Alcove.Control.Sandboxes;

/// <summary>
/// Decides and persists; the node acts. A transition is written before its act and confirmed after it, so that whoever wakes this
/// sandbox after a crash knows what was going on. Calls interleave: the one removal that there is is shared by all who ask for it.
/// </summary>
[Reentrant]
internal sealed partial class SandboxGrain(Database database, NodeRegistry nodes, RouteTable routes, SandboxTokens tokens, TimeProvider time, ILogger<SandboxGrain> logger) : Grain, ISandboxGrain
{
    private SandboxRow? _row;
    private Task? _removal;
    private bool _isCreating;
    private string? _lostWhileCreating;

    private string Name => this.GetPrimaryKeyString();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        _row = await db.Sandboxes.AsNoTracking().FirstOrDefaultAsync(row => row.Id == Name, cancellationToken);
    }

    public async Task<CreateOutcome> CreateAsync(SandboxPlan plan)
    {
        var node = Placement.Placement.Choose(nodes.All, plan.Digest);
        if (node is null)
        {
            return new CreateOutcome(CreateResult.NoNode, nodes.All.Any(other => other.IsReady) ? "no node has this template" : "no node is connected");
        }

        _isCreating = true;
        try
        {
            await InsertAsync(NewRow(plan, node.Id));
            var run = await node.Client.CreateAsync(Request(plan), CancellationToken.None);
            await ConfirmAsync(run, plan.Timeout);
            return new CreateOutcome(CreateResult.Created, null);
        }
        catch (Exception e)
        {
            CreateFailed(logger, Name, e.Message);
            await RemoveAsync();
            return e is ConnectException failure ? Failed(failure) : new CreateOutcome(CreateResult.Failed, null);
        }
        finally
        {
            _isCreating = false;
        }
    }

    public async Task<bool> KillAsync(Guid teamId)
    {
        if (_row?.TeamId != teamId || _row.Status is SandboxStatus.Starting)
        {
            return false;
        }

        await RemoveAsync();
        return true;
    }

    public async Task<TimeOutcome> ChangeTimeAsync(Guid teamId, TimeSpan span, TimeChange change, TimeSpan longestLife)
    {
        if (_row is not { Status: SandboxStatus.Running or SandboxStatus.Killing } row || row.TeamId != teamId)
        {
            return TimeOutcome.NotFound;
        }

        if (row.Status == SandboxStatus.Killing)
        {
            return TimeOutcome.Killing;
        }

        var (now, last) = (time.GetUtcNow(), row.StartedAt + longestLife);
        if (last <= now)
        {
            return TimeOutcome.UsedUp;
        }

        var end = now + span < last ? now + span : last;
        if (change == TimeChange.Set || end > row.EndAt)
        {
            row.EndAt = end;
            await SaveAsync(row);
        }

        return TimeOutcome.Changed;
    }

    public Task ExpireAsync(long incarnation) =>
        _row is { Status: SandboxStatus.Running } row && row.Incarnation == incarnation && row.EndAt <= time.GetUtcNow() ? ExpireNowAsync() : Task.CompletedTask;

    public Task LostAsync(long incarnation, string reason)
    {
        if (_row is not { Status: SandboxStatus.Running or SandboxStatus.Starting } row || row.Incarnation != incarnation)
        {
            return Task.CompletedTask;
        }

        if (row.Status == SandboxStatus.Starting)
        {
            _lostWhileCreating = reason;
            return Task.CompletedTask;
        }

        Lost(logger, Name, reason);
        return RemoveAsync();
    }

    /// <remarks>A create that is still under way is not interrupted: it removes by itself what it cannot finish.</remarks>
    public Task RecoverAsync() => !_isCreating && _row is { Status: SandboxStatus.Starting or SandboxStatus.Killing } ? RemoveAsync() : Task.CompletedTask;

    private Task ExpireNowAsync()
    {
        Expired(logger, Name);
        return RemoveAsync();
    }

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

    /// <summary>1. persisted. 2. no route. 3. no run. 4. no place, no row. A node that is away keeps it at 2 until it is back.</summary>
    private async Task RemoveCoreAsync()
    {
        if (_row is not { } row)
        {
            return;
        }

        if (row.Status != SandboxStatus.Killing)
        {
            await MoveToAsync(row, SandboxStatus.Killing);
        }

        routes.Withdraw(SandboxId.Parse(Name), (ulong)row.Incarnation);
        try
        {
            var client = nodes.Find(row.NodeId)?.Client ?? throw new ConnectException(ConnectCode.Unavailable, $"node {row.NodeId} has not been seen since the server started");
            await client.KillAsync(Name, row.Incarnation, CancellationToken.None);
        }
        catch (ConnectException e)
        {
            KillDelayed(logger, Name, e.Message);
            return;
        }

        await MoveToAsync(row, SandboxStatus.Killed);
        await DeleteAsync();
        await GrainFactory.GetGrain<ITeamGrain>(row.TeamId).ReleaseAsync(Name);
        DeactivateOnIdle();
    }

    /// <summary>The one place where the state changes.</summary>
    private async Task MoveToAsync(SandboxRow row, SandboxStatus to)
    {
        if (!SandboxTransitions.MayMove(row.Status, to))
        {
            throw new InvalidOperationException($"sandbox {Name} cannot go from {row.Status} to {to}");
        }

        row.Status = to;
        await SaveAsync(row);
    }

    private async Task ConfirmAsync(SandboxRun run, TimeSpan timeout)
    {
        if (_lostWhileCreating is { } reason)
        {
            throw new ConnectException(ConnectCode.Internal, $"it ended as soon as it had started: {reason}");
        }

        var row = _row!;
        row.Address = run.Address;
        row.StartedAt = run.StartedAt.ToDateTimeOffset();
        row.EndAt = row.StartedAt + timeout;
        row.EnvdVersion = run.EnvdVersion;
        await MoveToAsync(row, SandboxStatus.Running);
        routes.Publish(Route(row, tokens));
    }

    /// <summary>The route of a running row; the server publishes those of all rows when it starts.</summary>
    internal static SandboxRoute Route(SandboxRow row, SandboxTokens tokens)
    {
        var id = SandboxId.Parse(row.Id);
        return new SandboxRoute(
            id,
            (ulong)row.Incarnation,
            row.NodeId,
            IPAddress.Parse(row.Address!),
            row.IsSecured ? tokens.Envd(id) : null,
            row.AllowPublicTraffic ? null : tokens.Traffic(id),
            row.MaskRequestHost);
    }

    private SandboxRow NewRow(SandboxPlan plan, string nodeId) => new()
    {
        Id = Name,
        TeamId = plan.TeamId,
        TemplateId = plan.TemplateId,
        Alias = plan.Alias,
        Status = SandboxStatus.Starting,
        Incarnation = 1,
        NodeId = nodeId,
        StartedAt = time.GetUtcNow(),
        EndAt = time.GetUtcNow() + plan.Timeout,
        CpuCount = plan.CpuCount,
        MemoryMiB = plan.MemoryMiB,
        DiskMiB = plan.DiskMiB,
        EnvdVersion = plan.EnvdVersion,
        IsSecured = plan.IsSecured,
        AllowInternetAccess = plan.AllowInternetAccess,
        AllowPublicTraffic = plan.AllowPublicTraffic,
        MaskRequestHost = plan.MaskRequestHost,
        HasNetwork = plan.HasNetwork,
        Metadata = plan.Metadata,
    };

    private CreateSandboxRequest Request(SandboxPlan plan) => new()
    {
        SandboxId = Name,
        Incarnation = 1,
        TemplateId = plan.TemplateId,
        Layers = { plan.Digest },
        CpuCount = (uint)plan.CpuCount,
        MemoryMib = (uint)plan.MemoryMiB,
        DiskMib = (uint)plan.DiskMiB,
        AccessToken = plan.IsSecured ? tokens.Envd(SandboxId.Parse(Name)) : string.Empty,
        EnvVars = { plan.EnvVars },
        AllowInternetAccess = plan.AllowInternetAccess ?? true,
        DefaultUser = "user",
    };

    /// <summary>What the node says of room is for the caller too; what it says of its sockets is for the log.</summary>
    private static CreateOutcome Failed(ConnectException e)
    {
        var result = ResultOf(e.Code);
        return new CreateOutcome(result, result == CreateResult.NoNode ? "the node does not answer, or lacks the template" : e.Message);
    }

    private static CreateResult ResultOf(ConnectCode code) => code switch
    {
        ConnectCode.ResourceExhausted => CreateResult.NoCapacity,
        ConnectCode.FailedPrecondition or ConnectCode.Unavailable => CreateResult.NoNode,
        ConnectCode.DeadlineExceeded => CreateResult.TimedOut,
        _ => CreateResult.Failed,
    };

    private async Task InsertAsync(SandboxRow row)
    {
        await using var db = database.Open();
        db.Sandboxes.Add(row);
        await db.SaveChangesAsync();
        _row = row;
    }

    private async Task SaveAsync(SandboxRow row)
    {
        await using var db = database.Open();
        db.Sandboxes.Update(row);
        await db.SaveChangesAsync();
    }

    private async Task DeleteAsync()
    {
        await using var db = database.Open();
        await db.Sandboxes.Where(row => row.Id == Name).ExecuteDeleteAsync();
        _row = null;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Sandbox {SandboxId} could not be created: {Reason}")]
    private static partial void CreateFailed(ILogger logger, string sandboxId, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Sandbox {SandboxId} is gone: {Reason}")]
    private static partial void Lost(ILogger logger, string sandboxId, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Sandbox {SandboxId} has reached its end")]
    private static partial void Expired(ILogger logger, string sandboxId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Sandbox {SandboxId} is killed as soon as its node answers: {Reason}")]
    private static partial void KillDelayed(ILogger logger, string sandboxId, string reason);
}
