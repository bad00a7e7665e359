using Alcove.Connect;
using Alcove.Protocol.Nodes;

namespace Alcove.Control.Nodes;

/// <summary>Calls a node: the one place that owns its timeouts.</summary>
public sealed class NodeClient(ConnectClient rpc)
{
    private const string Service = "/alcove.node.NodeService/";
    private static readonly TimeSpan StatusPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CreatePatience = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan KillPatience = TimeSpan.FromSeconds(45);

    private static readonly ConnectMethod<GetStatusRequest, NodeStatus> GetStatus = new(Service + "GetStatus", GetStatusRequest.Parser, NodeStatus.Parser);
    private static readonly ConnectMethod<CreateSandboxRequest, SandboxRun> CreateSandbox = new(Service + "CreateSandbox", CreateSandboxRequest.Parser, SandboxRun.Parser);
    private static readonly ConnectMethod<KillSandboxRequest, KillSandboxResponse> KillSandbox = new(Service + "KillSandbox", KillSandboxRequest.Parser, KillSandboxResponse.Parser);
    private static readonly ConnectMethod<ListSandboxesRequest, ListSandboxesResponse> ListSandboxes = new(Service + "ListSandboxes", ListSandboxesRequest.Parser, ListSandboxesResponse.Parser);
    private static readonly ConnectMethod<WatchEventsRequest, NodeEvent> WatchEvents = new(Service + "WatchEvents", WatchEventsRequest.Parser, NodeEvent.Parser);

    /// <exception cref="ConnectException">The node cannot be reached.</exception>
    public Task<NodeStatus> StatusAsync(CancellationToken cancellationToken) => rpc.UnaryAsync(GetStatus, new GetStatusRequest(), StatusPatience, cancellationToken);

    /// <exception cref="ConnectException">The node refuses or fails, with the codes of <c>protos/node.proto</c>.</exception>
    public Task<SandboxRun> CreateAsync(CreateSandboxRequest request, CancellationToken cancellationToken) => rpc.UnaryAsync(CreateSandbox, request, CreatePatience, cancellationToken);

    /// <exception cref="ConnectException">The node cannot be reached, or fails.</exception>
    public Task<KillSandboxResponse> KillAsync(string sandboxId, long incarnation, CancellationToken cancellationToken) =>
        rpc.UnaryAsync(KillSandbox, new KillSandboxRequest { SandboxId = sandboxId, Incarnation = (ulong)incarnation }, KillPatience, cancellationToken);

    /// <exception cref="ConnectException">The node cannot be reached.</exception>
    public async Task<IReadOnlyList<SandboxRun>> ListAsync(CancellationToken cancellationToken) =>
        (await rpc.UnaryAsync(ListSandboxes, new ListSandboxesRequest(), StatusPatience, cancellationToken)).Sandboxes;

    public IAsyncEnumerable<NodeEvent> WatchAsync(CancellationToken cancellationToken) => rpc.ServerStreamingAsync(WatchEvents, new WatchEventsRequest(), cancellationToken);
}
