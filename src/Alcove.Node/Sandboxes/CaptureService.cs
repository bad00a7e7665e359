using Alcove.Connect;
using Alcove.Protocol.Nodes;
using Alcove.Runtime;
using Alcove.Runtime.Crun;

namespace Alcove.Node.Sandboxes;

/// <summary>Takes, settles, lists and deletes captures for the control plane.</summary>
internal sealed partial class CaptureService(SandboxRuntime runtime, ILogger<CaptureService> logger)
{
    private const int LongestName = 64;

    public void MapTo(ConnectRouter router) => router
        .Unary(NodeMethods.CaptureSandbox, CaptureAsync)
        .Unary(NodeMethods.SettleCapture, SettleAsync)
        .Unary(NodeMethods.ListCaptures, (_, _) => ValueTask.FromResult(new ListCapturesResponse { Captures = { runtime.Captures.Select(Describe) } }))
        .Unary(NodeMethods.DeleteCapture, (request, _) => ValueTask.FromResult(new DeleteCaptureResponse { Removed = runtime.RemoveCapture(Checked(request.CaptureId)) }));

    /// <remarks>Goes on to its end when the caller has gone: what it was for is settled afterwards.</remarks>
    private async ValueTask<Protocol.Nodes.Capture> CaptureAsync(CaptureSandboxRequest request, ConnectContext context)
    {
        try
        {
            return Describe(await runtime.CaptureAsync(request.SandboxId, request.Incarnation, Checked(request.CaptureId), request.WithMemory, request.KeepFrozen));
        }
        catch (RuntimeException e)
        {
            CaptureFailed(logger, request.SandboxId, e.InnerException is { } inner ? $"{e.Message} ({inner.Message})" : e.Message);
            throw Failures.Explain(e);
        }
    }

    private async ValueTask<SettleCaptureResponse> SettleAsync(SettleCaptureRequest request, ConnectContext context)
    {
        var (runs, captured) = await runtime.SettleAsync(request.SandboxId, request.Incarnation, Checked(request.CaptureId), request.GoOn);
        return new SettleCaptureResponse { Runs = runs, Captured = captured };
    }

    private static Protocol.Nodes.Capture Describe(CaptureInfo capture) => new()
    {
        CaptureId = capture.Id,
        SandboxId = capture.SandboxId,
        Incarnation = capture.Incarnation,
        HasMemory = capture.HasMemory,
        IsSalvaged = capture.IsSalvaged,
        MemoryBytes = (ulong)capture.MemoryBytes,
        DiskBytes = (ulong)capture.DiskBytes,
    };

    /// <summary>It becomes a directory's name.</summary>
    private static string Checked(string name) => name.Length is > 0 and <= LongestName && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-')
        ? name
        : throw new ConnectException(ConnectCode.InvalidArgument, $"capture_id '{name}' is none");

    [LoggerMessage(Level = LogLevel.Warning, Message = "Sandbox {SandboxId} could not be captured and runs on: {Reason}")]
    private static partial void CaptureFailed(ILogger logger, string sandboxId, string reason);
}
