using Google.Protobuf;

namespace Alcove.Connect.Calls;

/// <summary>One message in, many out.</summary>
internal sealed class ServerStreamingHandler<TRequest, TResponse>(
    ConnectMethod<TRequest, TResponse> method, Func<TRequest, ConnectResponseStream<TResponse>, ConnectContext, Task> handler)
    : StreamingHandler<TResponse>
    where TRequest : IMessage<TRequest>
    where TResponse : IMessage<TResponse>
{
    protected override async Task RunAsync(Call call, ConnectContext context, ResponseStream<TResponse> answers)
    {
        var request = await call.ReadSingleAsync(method.RequestParser, context.CancellationToken);
        await handler(request, answers, context);
    }
}
