using System.Collections.Concurrent;
using Alcove.Connect;
using Alcove.Protocol.Envd;
using Alcove.Protocol.Nodes;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Alcove.Tests.Server.Hosting;

/// <summary>A node without sandboxes: it keeps the runs it was asked for in a table, behind the real protocol on a Unix socket.</summary>
internal sealed class FakeNode : IAsyncDisposable
{
    public const string Id = "node-1";
    private const string Service = "/alcove.node.NodeService/";

    /// <summary>In the machine's time, as is the silence after which the server takes a node for gone: a test may be slow, or let days go by on its own clock.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(2);

    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _killed = new();
    private readonly ConcurrentDictionary<Guid, Func<NodeEvent, ValueTask>> _watchers = new();

    private FakeNode(string socket, TimeProvider time)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(socket));
        _app = builder.Build();
        var router = new ConnectRouter(TimeProvider.System, new ConnectOptions())
            .Unary(new ConnectMethod<GetStatusRequest, NodeStatus>(Service + "GetStatus", GetStatusRequest.Parser, NodeStatus.Parser), (_, _) => ValueTask.FromResult(Status()))
            .Unary(new ConnectMethod<CreateSandboxRequest, SandboxRun>(Service + "CreateSandbox", CreateSandboxRequest.Parser, SandboxRun.Parser), async (request, _) =>
            {
                await OnCreate(request);
                Created[request.SandboxId] = request;
                return Runs[request.SandboxId] = new SandboxRun
                {
                    SandboxId = request.SandboxId, Incarnation = request.Incarnation, State = RunState.Running, Address = "127.0.0.1",
                    StartedAt = Timestamp.FromDateTimeOffset(time.GetUtcNow()), EnvdVersion = EnvdVersion.Current,
                };
            })
            .Unary(new ConnectMethod<KillSandboxRequest, KillSandboxResponse>(Service + "KillSandbox", KillSandboxRequest.Parser, KillSandboxResponse.Parser), async (request, _) =>
            {
                await OnKill(request);
                var removed = Runs.TryRemove(request.SandboxId, out var _);
                Kill(request.SandboxId).TrySetResult();
                return new KillSandboxResponse { Removed = removed };
            })
            .Unary(new ConnectMethod<CaptureSandboxRequest, Capture>(Service + "CaptureSandbox", CaptureSandboxRequest.Parser, Capture.Parser), async (request, _) =>
            {
                await OnCapture(request);
                var capture = new Capture
                {
                    CaptureId = request.CaptureId, SandboxId = request.SandboxId, Incarnation = request.Incarnation, HasMemory = request.WithMemory, MemoryBytes = 1000, DiskBytes = 2000,
                };
                return Captures[request.CaptureId] = capture;
            })
            .Unary(new ConnectMethod<SettleCaptureRequest, SettleCaptureResponse>(Service + "SettleCapture", SettleCaptureRequest.Parser, SettleCaptureResponse.Parser), (request, _) =>
                ValueTask.FromResult(new SettleCaptureResponse
                {
                    Captured = Captures.ContainsKey(request.CaptureId),
                    Runs = Runs.ContainsKey(request.SandboxId) && (request.GoOn || !Captures.ContainsKey(request.CaptureId)),
                }))
            .Unary(new ConnectMethod<ListCapturesRequest, ListCapturesResponse>(Service + "ListCaptures", ListCapturesRequest.Parser, ListCapturesResponse.Parser), (_, _) =>
                ValueTask.FromResult(new ListCapturesResponse { Captures = { Captures.Values } }))
            .Unary(new ConnectMethod<DeleteCaptureRequest, DeleteCaptureResponse>(Service + "DeleteCapture", DeleteCaptureRequest.Parser, DeleteCaptureResponse.Parser), (request, _) =>
                ValueTask.FromResult(new DeleteCaptureResponse { Removed = Captures.TryRemove(request.CaptureId, out var _) }))
            .Unary(new ConnectMethod<ListSandboxesRequest, ListSandboxesResponse>(Service + "ListSandboxes", ListSandboxesRequest.Parser, ListSandboxesResponse.Parser), (_, _) =>
                ValueTask.FromResult(new ListSandboxesResponse { Sandboxes = { Runs.Values } }))
            .ServerStreaming(new ConnectMethod<WatchEventsRequest, NodeEvent>(Service + "WatchEvents", WatchEventsRequest.Parser, NodeEvent.Parser), async (_, answers, context) =>
            {
                await answers.WriteAsync(new NodeEvent { Hello = new NodeEvent.Types.Hello { NodeId = Id, InstanceId = "1" } }, context.CancellationToken);
                var watcher = Guid.NewGuid();
                using var turn = new SemaphoreSlim(1);
                _watchers[watcher] = Tell;
                using var gone = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, _app.Lifetime.ApplicationStopping);
                try
                {
                    while (true)
                    {
                        await Task.Delay(Heartbeat, gone.Token);
                        await Tell(new NodeEvent { Heartbeat = new NodeEvent.Types.Heartbeat() });
                    }
                }
                catch (OperationCanceledException)
                {
                }

                _watchers.TryRemove(watcher, out var _);

                async ValueTask Tell(NodeEvent message)
                {
                    await turn.WaitAsync(context.CancellationToken);
                    try
                    {
                        await answers.WriteAsync(message, context.CancellationToken);
                    }
                    finally
                    {
                        turn.Release();
                    }
                }
            });
        _app.Run(async http => await router.TryHandleAsync(http));
    }

    public ConcurrentDictionary<string, SandboxRun> Runs { get; } = new();

    public ConcurrentDictionary<string, Capture> Captures { get; } = new();

    /// <value>The last request for each sandbox.</value>
    public ConcurrentDictionary<string, CreateSandboxRequest> Created { get; } = new();

    public Func<CaptureSandboxRequest, Task> OnCapture { get; set; } = _ => Task.CompletedTask;

    public Func<CreateSandboxRequest, Task> OnCreate { get; set; } = _ => Task.CompletedTask;

    public Func<KillSandboxRequest, Task> OnKill { get; set; } = _ => Task.CompletedTask;

    public static async Task<FakeNode> StartAsync(string socket, TimeProvider time)
    {
        var node = new FakeNode(socket, time);
        await node._app.StartAsync();
        return node;
    }

    /// <summary>Ends when the node has removed that sandbox.</summary>
    public Task KilledAsync(string id) => Kill(id).Task.WaitAsync(TimeSpan.FromSeconds(20));

    public async Task TellAsync(NodeEvent message)
    {
        foreach (var write in _watchers.Values)
        {
            await write(message);
        }
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private TaskCompletionSource Kill(string id) => _killed.GetOrAdd(id, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    private static NodeStatus Status() => new()
    {
        NodeId = Id, Version = "1", InstanceId = "1", CpuCount = 8, MemoryTotalBytes = 1L << 34, MemoryAvailableBytes = 1L << 33, Architecture = "x86_64", EnvdVersion = EnvdVersion.Current,
        Templates = { new TemplateImage { TemplateId = "base", Digest = new string('a', 64), CpuCount = 2, MemoryMib = 512, DiskMib = 5120 } },
    };
}
