using Alcove.Connect;
using Alcove.Control.Sandboxes;
using Alcove.Control.Storage;
using Alcove.Control.Templates;
using Alcove.Protocol.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Alcove.Control.Nodes;

/// <summary>
/// Keeps in touch with a node: takes in what it has, compares its runs with the rows, and hears what ends there. While it is away its
/// sandboxes keep their rows and routes; when it is back they are compared again.
/// </summary>
public sealed partial class NodeWatch(
    NodeClient client, NodeRegistry registry, NodeStandings standings, TemplateDirectory templates, CaptureHolds holds, Database database, IGrainFactory grains, TimeProvider time, ILogger<NodeWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(250);

    /// <summary>Three heartbeats.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    private bool _isAway;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            string? node = null;
            try
            {
                var status = await client.StatusAsync(stoppingToken);
                node = status.NodeId;
                await FollowAsync(status, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                NoteAway(e);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            registry.MarkGone(node ?? string.Empty);
            await Task.Delay(Retry, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>1. events, so that nothing is missed. 2. templates. 3. compare. 4. ready. 5. events as they come.</summary>
    private async Task FollowAsync(NodeStatus status, CancellationToken stoppingToken)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        await using var events = client.WatchAsync(silence.Token).GetAsyncEnumerator(silence.Token);
        silence.CancelAfter(Silence);
        await events.MoveNextAsync();
        await templates.SynchronizeAsync(status, stoppingToken);
        await standings.LoadAsync(status.NodeId, stoppingToken);
        registry.Set(new NodeView(status, client, IsReady: false));
        await ReconcileAsync(status.NodeId, stoppingToken);
        registry.Set(new NodeView(status, client, IsReady: true));
        _isAway = false;
        Connected(logger, status.NodeId, status.SandboxCount);
        while (true)
        {
            silence.CancelAfter(Silence);
            if (!await events.MoveNextAsync())
            {
                throw new ConnectException(ConnectCode.Unavailable, "the node ended its stream");
            }

            await HandleAsync(status.NodeId, events.Current, stoppingToken);
        }
    }

    private async Task HandleAsync(string node, NodeEvent message, CancellationToken cancellationToken)
    {
        switch (message.EventCase)
        {
            case NodeEvent.EventOneofCase.RunEnded:
                _ = ObserveAsync(grains.GetGrain<ISandboxGrain>(message.RunEnded.SandboxId).LostAsync((long)message.RunEnded.Incarnation, message.RunEnded.Reason));
                break;
            case NodeEvent.EventOneofCase.Heartbeat:
                var status = await client.StatusAsync(cancellationToken);
                await templates.SynchronizeAsync(status, cancellationToken);
                registry.Set(new NodeView(status, client, IsReady: true));
                await RetryRemovalsAsync(node, cancellationToken);
                await DeleteStrangersAsync(await client.ListCapturesAsync(cancellationToken), cancellationToken);
                break;
            case NodeEvent.EventOneofCase.Hello or NodeEvent.EventOneofCase.None:
                break;
        }
    }

    /// <summary>A removal that failed on a node that answers is tried again with every heartbeat; one that is under way is joined.</summary>
    private async Task RetryRemovalsAsync(string node, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        var ids = await db.Sandboxes.Where(row => row.NodeId == node && row.Status == SandboxStatus.Killing).Select(row => row.Id).ToListAsync(cancellationToken);
        foreach (var id in ids)
        {
            _ = ObserveAsync(grains.GetGrain<ISandboxGrain>(id).RetryRemovalAsync());
        }
    }

    /// <summary>The stream of events does not wait for removals: it would look dead.</summary>
    private async Task ObserveAsync(Task removal)
    {
        try
        {
            await removal;
        }
        catch (Exception e)
        {
            RemovalFailed(logger, e);
        }
    }

    /// <summary>
    /// Every sandbox hears what its node has of it; runs and captures that no row speaks of go. What the node has is asked for before the
    /// rows are read: what comes into being between the two is not taken for nobody's.
    /// </summary>
    private async Task ReconcileAsync(string node, CancellationToken cancellationToken)
    {
        var captures = (await client.ListCapturesAsync(cancellationToken)).ToLookup(capture => capture.SandboxId);
        var runs = (await client.ListAsync(cancellationToken)).ToDictionary(run => run.SandboxId);
        await using var db = database.Open();
        var rows = await db.Sandboxes.AsNoTracking().Where(row => row.NodeId == node).ToListAsync(cancellationToken);
        foreach (var row in rows.Where(row => !IsInOrder(row, NodeSight.Of(runs.GetValueOrDefault(row.Id), captures[row.Id]))))
        {
            await grains.GetGrain<ISandboxGrain>(row.Id).ReconcileAsync();
        }

        foreach (var stranger in runs.Keys.Except(rows.Select(row => row.Id)))
        {
            Stranger(logger, stranger);
            await client.KillAsync(stranger, incarnation: 0, cancellationToken);
        }

        await DeleteStrangersAsync([.. captures.SelectMany(all => all)], cancellationToken);
    }

    private static bool IsInOrder(SandboxRow row, NodeSight sight) => row.Status switch
    {
        SandboxStatus.Running => sight.Incarnation == row.Incarnation && sight.Awaits is null,
        SandboxStatus.Paused => sight.Incarnation == 0 && sight.Has(row.CaptureId),
        _ => false,
    };

    /// <summary>Captures that nobody speaks of. Who is about to use one holds it, and lets go only after a row speaks of it: so holds are read first.</summary>
    private async Task DeleteStrangersAsync(IReadOnlyList<Capture> captures, CancellationToken cancellationToken)
    {
        var candidates = captures.Select(capture => capture.CaptureId).Where(id => !holds.Contains(id)).ToList();
        if (candidates.Count == 0)
        {
            return;
        }

        await using var db = database.Open();
        var wanted = await db.Sandboxes.Where(row => row.CaptureId != null).Select(row => row.CaptureId!)
            .Union(db.SnapshotBuilds.Select(build => build.CaptureId)).ToListAsync(cancellationToken);
        foreach (var stranger in candidates.Except(wanted))
        {
            await client.DeleteCaptureAsync(stranger);
        }
    }

    private void NoteAway(Exception exception)
    {
        if (!_isAway)
        {
            _isAway = true;
            Away(logger, exception.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Node {NodeId} is connected; {Count} sandboxes run there")]
    private static partial void Connected(ILogger logger, string nodeId, uint count);

    [LoggerMessage(Level = LogLevel.Error, Message = "A sandbox whose run ended could not be removed; it is tried again")]
    private static partial void RemovalFailed(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The node does not answer: {Reason}")]
    private static partial void Away(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Sandbox {SandboxId} runs on the node and belongs to nobody: it is killed")]
    private static partial void Stranger(ILogger logger, string sandboxId);
}
