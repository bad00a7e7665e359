using Alcove.Connect;
using Alcove.Runtime;

namespace Alcove.Node.Sandboxes;

/// <summary>How a failure of the runtime is told to the control plane (see <c>protos/node.proto</c>).</summary>
internal static class Failures
{
    public static ConnectException Explain(RuntimeException e) => new(CodeOf(e.Failure), e.Message, e);

    private static ConnectCode CodeOf(RuntimeFailure failure) => failure switch
    {
        RuntimeFailure.NotReady or RuntimeFailure.LayerMissing => ConnectCode.FailedPrecondition,
        RuntimeFailure.NoCapacity => ConnectCode.ResourceExhausted,
        RuntimeFailure.Exists => ConnectCode.AlreadyExists,
        RuntimeFailure.NotFound => ConnectCode.NotFound,
        RuntimeFailure.CannotCapture => ConnectCode.Aborted,
        RuntimeFailure.Failed => ConnectCode.Internal,
    };
}
