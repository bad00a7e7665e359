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

    public static ConnectMethod<CaptureSandboxRequest, Capture> CaptureSandbox { get; } = new(Service + "CaptureSandbox", CaptureSandboxRequest.Parser, Capture.Parser);

    public static ConnectMethod<SetEndRequest, SetEndResponse> SetEnd { get; } = new(Service + "SetEnd", SetEndRequest.Parser, SetEndResponse.Parser);

    public static ConnectMethod<SettleCaptureRequest, SettleCaptureResponse> SettleCapture { get; } = new(Service + "SettleCapture", SettleCaptureRequest.Parser, SettleCaptureResponse.Parser);

    public static ConnectMethod<ListCapturesRequest, ListCapturesResponse> ListCaptures { get; } = new(Service + "ListCaptures", ListCapturesRequest.Parser, ListCapturesResponse.Parser);

    public static ConnectMethod<DeleteCaptureRequest, DeleteCaptureResponse> DeleteCapture { get; } = new(Service + "DeleteCapture", DeleteCaptureRequest.Parser, DeleteCaptureResponse.Parser);

    public static ConnectMethod<ListSandboxesRequest, ListSandboxesResponse> ListSandboxes { get; } = new(Service + "ListSandboxes", ListSandboxesRequest.Parser, ListSandboxesResponse.Parser);

    public static ConnectMethod<WatchEventsRequest, NodeEvent> WatchEvents { get; } = new(Service + "WatchEvents", WatchEventsRequest.Parser, NodeEvent.Parser);
}
