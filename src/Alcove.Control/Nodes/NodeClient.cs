using Alcove.Connect;
using Alcove.Protocol.Nodes;

namespace Alcove.Control.Nodes;

/// <summary>Calls a node: the one place that owns its timeouts.</summary>
public sealed class NodeClient(ConnectClient rpc)
{
    private const string Service = "/alcove.node.NodeService/";
    private static readonly TimeSpan StatusPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CreatePatience = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan KillPatience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan CapturePatience = TimeSpan.FromSeconds(40);

    private static readonly ConnectMethod<GetStatusRequest, NodeStatus> GetStatus = new(Service + "GetStatus", GetStatusRequest.Parser, NodeStatus.Parser);
    private static readonly ConnectMethod<CreateSandboxRequest, SandboxRun> CreateSandbox = new(Service + "CreateSandbox", CreateSandboxRequest.Parser, SandboxRun.Parser);
    private static readonly ConnectMethod<KillSandboxRequest, KillSandboxResponse> KillSandbox = new(Service + "KillSandbox", KillSandboxRequest.Parser, KillSandboxResponse.Parser);
    private static readonly ConnectMethod<CaptureSandboxRequest, Capture> CaptureSandbox = new(Service + "CaptureSandbox", CaptureSandboxRequest.Parser, Capture.Parser);
    private static readonly ConnectMethod<SettleCaptureRequest, SettleCaptureResponse> SettleCapture = new(Service + "SettleCapture", SettleCaptureRequest.Parser, SettleCaptureResponse.Parser);
    private static readonly ConnectMethod<SetEndRequest, SetEndResponse> SetEnd = new(Service + "SetEnd", SetEndRequest.Parser, SetEndResponse.Parser);
    private static readonly ConnectMethod<ListCapturesRequest, ListCapturesResponse> ListCaptures = new(Service + "ListCaptures", ListCapturesRequest.Parser, ListCapturesResponse.Parser);
    private static readonly ConnectMethod<DeleteCaptureRequest, DeleteCaptureResponse> DeleteCapture = new(Service + "DeleteCapture", DeleteCaptureRequest.Parser, DeleteCaptureResponse.Parser);
    private static readonly ConnectMethod<ListSandboxesRequest, ListSandboxesResponse> ListSandboxes = new(Service + "ListSandboxes", ListSandboxesRequest.Parser, ListSandboxesResponse.Parser);
    private static readonly ConnectMethod<WatchEventsRequest, NodeEvent> WatchEvents = new(Service + "WatchEvents", WatchEventsRequest.Parser, NodeEvent.Parser);

    /// <exception cref="ConnectException">The node cannot be reached.</exception>
    public Task<NodeStatus> StatusAsync(CancellationToken cancellationToken) => rpc.UnaryAsync(GetStatus, new GetStatusRequest(), StatusPatience, cancellationToken);

    /// <exception cref="ConnectException">The node refuses or fails, with the codes of <c>protos/node.proto</c>.</exception>
    public Task<SandboxRun> CreateAsync(CreateSandboxRequest request, CancellationToken cancellationToken) => rpc.UnaryAsync(CreateSandbox, request, CreatePatience, cancellationToken);

    /// <exception cref="ConnectException">The node cannot be reached, or fails.</exception>
    public Task<KillSandboxResponse> KillAsync(string sandboxId, long incarnation, CancellationToken cancellationToken) =>
        rpc.UnaryAsync(KillSandbox, new KillSandboxRequest { SandboxId = sandboxId, Incarnation = (ulong)incarnation }, KillPatience, cancellationToken);

    /// <exception cref="ConnectException">It cannot be captured and runs on, or the node cannot be reached.</exception>
    public Task<Capture> CaptureAsync(CaptureSandboxRequest request) => rpc.UnaryAsync(CaptureSandbox, request, CapturePatience, CancellationToken.None);

    /// <summary>What became of a capture whose end nobody heard of; with <paramref name="goOn"/> the run goes on in any case.</summary>
    /// <exception cref="ConnectException">The node cannot be reached.</exception>
    public Task<SettleCaptureResponse> SettleAsync(string sandboxId, long incarnation, string captureId, bool goOn) => rpc.UnaryAsync(
        SettleCapture, new SettleCaptureRequest { SandboxId = sandboxId, Incarnation = (ulong)incarnation, CaptureId = captureId, GoOn = goOn }, CapturePatience, CancellationToken.None);

    /// <exception cref="ConnectException">The node cannot be reached.</exception>
    public Task<SetEndResponse> SetEndAsync(string sandboxId, long incarnation, DateTimeOffset end) => rpc.UnaryAsync(
        SetEnd,
        new SetEndRequest { SandboxId = sandboxId, Incarnation = (ulong)incarnation, EndAt = Google.Protobuf.WellKnownTypes.Timestamp.FromDateTimeOffset(end) },
        StatusPatience,
        CancellationToken.None);

    /// <exception cref="ConnectException">The node cannot be reached.</exception>
    public Task<DeleteCaptureResponse> DeleteCaptureAsync(string captureId) =>
        rpc.UnaryAsync(DeleteCapture, new DeleteCaptureRequest { CaptureId = captureId }, KillPatience, CancellationToken.None);

    /// <exception cref="ConnectException">The node cannot be reached.</exception>
    public async Task<IReadOnlyList<Capture>> ListCapturesAsync(CancellationToken cancellationToken) =>
        (await rpc.UnaryAsync(ListCaptures, new ListCapturesRequest(), StatusPatience, cancellationToken)).Captures;

    /// <exception cref="ConnectException">The node cannot be reached.</exception>
    public async Task<IReadOnlyList<SandboxRun>> ListAsync(CancellationToken cancellationToken) =>
        (await rpc.UnaryAsync(ListSandboxes, new ListSandboxesRequest(), StatusPatience, cancellationToken)).Sandboxes;

    public IAsyncEnumerable<NodeEvent> WatchAsync(CancellationToken cancellationToken) => rpc.ServerStreamingAsync(WatchEvents, new WatchEventsRequest(), cancellationToken);
}
