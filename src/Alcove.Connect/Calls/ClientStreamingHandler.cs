using Google.Protobuf;

namespace Alcove.Connect.Calls;

/// <summary>Many messages in, one out.</summary>
internal sealed class ClientStreamingHandler<TRequest, TResponse>(
    ConnectMethod<TRequest, TResponse> method, Func<IAsyncEnumerable<TRequest>, ConnectContext, ValueTask<TResponse>> handler)
    : StreamingHandler<TResponse>
    where TRequest : IMessage<TRequest>
    where TResponse : IMessage<TResponse>
{
    protected override async Task RunAsync(Call call, ConnectContext context, ResponseStream<TResponse> answers)
    {
        var requests = call.ReadStreamAsync(method.RequestParser, context.CancellationToken);
        await answers.WriteAsync(await handler(requests, context), context.CancellationToken);
    }
}
