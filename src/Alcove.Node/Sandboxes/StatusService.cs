using System.Reflection;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using Alcove.Connect;
using Alcove.Node.SelfTest;
using Alcove.Protocol.Envd;
using Alcove.Protocol.Nodes;
using Alcove.Runtime;
using Alcove.Runtime.Crun;
using Alcove.Runtime.Images;

namespace Alcove.Node.Sandboxes;

/// <summary>What the node is and has, and what happens on it without anybody asking.</summary>
internal sealed class StatusService(SandboxRuntime runtime, TemplateStore templates, PauseTest pauseTest, IHostApplicationLifetime lifetime, TimeProvider time)
{
    private const int QueueLength = 1024;
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);

    private readonly string _instance = Guid.NewGuid().ToString("n");
    private readonly string _node = Environment.MachineName;
    private readonly MachineProcessor _processor = MachineProcessor.Read();
    private readonly string _commit = typeof(StatusService).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+') is [_, var commit] ? commit : string.Empty;

    public void MapTo(ConnectRouter router) => router
        .Unary(NodeMethods.GetStatus, (_, _) => ValueTask.FromResult(Status()))
        .ServerStreaming(NodeMethods.WatchEvents, WatchAsync);

    private NodeStatus Status()
    {
        var (memory, disk, place) = (MachineMemory.Read(), runtime.Disk(), runtime.DiskPlace);
        return new NodeStatus
        {
            NodeId = _node,
            InstanceId = _instance,
            Version = typeof(StatusService).Assembly.GetName().Version!.ToString(3),
            SandboxCount = (uint)runtime.Runs.Count(),
            CpuCount = (uint)Environment.ProcessorCount,
            MemoryTotalBytes = (ulong)memory.Total,
            MemoryAvailableBytes = (ulong)memory.Available,
            DiskTotalBytes = (ulong)disk.Total,
            DiskAvailableBytes = (ulong)disk.Available,
            Architecture = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "amd64",
            EnvdVersion = EnvdVersion.Current,
            CpuFamily = _processor.Family,
            CpuModel = _processor.Model,
            CpuModelName = _processor.ModelName,
            CpuPercent = (uint)_processor.Percent(),
            DiskMountPoint = place.MountPoint,
            DiskDevice = place.Device,
            DiskFileSystem = place.FileSystem,
            Commit = _commit,
            CanPause = pauseTest.Result is { Works: true },
            CannotPauseReason = pauseTest.Result?.Reason ?? "it is being tested",
            Templates =
            {
                templates.All().Select(t => new TemplateImage { TemplateId = t.TemplateId, Digest = t.Digest, CpuCount = (uint)t.CpuCount, MemoryMib = (uint)t.MemoryMiB, DiskMib = (uint)t.DiskMiB }),
            },
        };
    }

    private async Task WatchAsync(WatchEventsRequest request, ConnectResponseStream<NodeEvent> responses, ConnectContext context)
    {
        var events = Channel.CreateBounded<NodeEvent>(QueueLength);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        runtime.RunEnded += Enqueue;
        try
        {
            await responses.WriteAsync(new NodeEvent { Hello = new NodeEvent.Types.Hello { NodeId = _node, InstanceId = _instance } }, ending.Token);
            while (true)
            {
                var message = await NextAsync(events.Reader, ending.Token);
                await responses.WriteAsync(message ?? new NodeEvent { Heartbeat = new NodeEvent.Types.Heartbeat() }, ending.Token);
            }
        }
        catch (Exception e) when (e is ChannelClosedException || (e is OperationCanceledException && lifetime.ApplicationStopping.IsCancellationRequested))
        {
            throw new ConnectException(ConnectCode.Unavailable, e is ChannelClosedException ? "too many events for this reader" : "the node is being stopped", e);
        }
        finally
        {
            runtime.RunEnded -= Enqueue;
        }

        // An event that has no room is not left out in silence: the stream ends, and whoever comes again asks what there is.
        void Enqueue(EndedRun ended) => _ = events.Writer.TryWrite(new NodeEvent
        {
            RunEnded = new NodeEvent.Types.RunEnded { SandboxId = ended.SandboxId, Incarnation = ended.Incarnation, Reason = ended.Reason },
        }) || events.Writer.TryComplete();
    }

    /// <returns>Null when nothing happened for as long as a heartbeat.</returns>
    private async Task<NodeEvent?> NextAsync(ChannelReader<NodeEvent> events, CancellationToken cancellationToken)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var timer = time.CreateTimer(_ => silence.Cancel(), null, Heartbeat, Timeout.InfiniteTimeSpan);
        try
        {
            return await events.ReadAsync(silence.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}
