using Alcove.Connect;
using Alcove.Protocol.Nodes;

namespace Alcove.Node.Sandboxes;

/// <summary>The RPCs of <c>protos/node.proto</c>.</summary>
internal static class NodeMethods
{
    private const string Service = "/alcove.node.NodeService/";

    public static ConnectMethod<GetStatusRequest, NodeStatus> GetStatus { get; } = new(Service + "GetStatus", GetStatusRequest.Parser, NodeStatus.Parser);

    public static ConnectMethod<CreateSandboxRequest, SandboxRun> CreateSandbox { get; } = new(Service + "CreateSandbox", CreateSandboxRequest.Parser, SandboxRun.Parser);

    public static ConnectMethod<KillSandboxRequest, KillSandboxResponse> KillSandbox { get; } = new(Service + "KillSandbox", KillSandboxRequest.Parser, KillSandboxResponse.Parser);

    public static ConnectMethod<ListSandboxesRequest, ListSandboxesResponse> ListSandboxes { get; } = new(Service + "ListSandboxes", ListSandboxesRequest.Parser, ListSandboxesResponse.Parser);

    public static ConnectMethod<WatchEventsRequest, NodeEvent> WatchEvents { get; } = new(Service + "WatchEvents", WatchEventsRequest.Parser, NodeEvent.Parser);
}
