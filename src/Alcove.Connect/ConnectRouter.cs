using Alcove.Connect.Calls;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace Alcove.Connect;

/// <summary>The RPCs of a server, by path. It needs no host, no routing and no dependency injection, so that a small daemon can use it.</summary>
/// <remarks>
/// A handler fails a call by throwing <see cref="ConnectException"/>. An <see cref="OperationCanceledException"/> becomes
/// <see cref="ConnectCode.DeadlineExceeded"/> when the deadline has passed, and is dropped when the client is gone. Anything else is
/// <see cref="ConnectCode.Internal"/> to the client and goes to <see cref="ConnectOptions.OnUnexpected"/>.
/// </remarks>
public sealed class ConnectRouter(TimeProvider time, ConnectOptions? options = null)
{
    private readonly Dictionary<string, CallHandler> _handlers = new(StringComparer.Ordinal);
    private readonly ConnectOptions _options = options ?? new ConnectOptions();

    /// <summary>One message in, one out.</summary>
    public ConnectRouter Unary<TRequest, TResponse>(
        ConnectMethod<TRequest, TResponse> method, Func<TRequest, ConnectContext, ValueTask<TResponse>> handler)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse> => Add(method.Path, new UnaryHandler<TRequest, TResponse>(method, handler));

    /// <summary>One message in, many out, each flushed as it is written.</summary>
    public ConnectRouter ServerStreaming<TRequest, TResponse>(
        ConnectMethod<TRequest, TResponse> method, Func<TRequest, ConnectResponseStream<TResponse>, ConnectContext, Task> handler)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse> => Add(method.Path, new ServerStreamingHandler<TRequest, TResponse>(method, handler));

    /// <summary>Many messages in, one out.</summary>
    public ConnectRouter ClientStreaming<TRequest, TResponse>(
        ConnectMethod<TRequest, TResponse> method, Func<IAsyncEnumerable<TRequest>, ConnectContext, ValueTask<TResponse>> handler)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse> => Add(method.Path, new ClientStreamingHandler<TRequest, TResponse>(method, handler));

    /// <summary>Answers the request if its path is one of ours.</summary>
    /// <returns>False, and nothing written, when it is not.</returns>
    public async Task<bool> TryHandleAsync(HttpContext http)
    {
        if (!_handlers.TryGetValue(http.Request.Path.Value ?? "", out var handler))
        {
            return false;
        }

        await handler.HandleAsync(http, time, _options);
        return true;
    }

    private ConnectRouter Add(string path, CallHandler handler)
    {
        _handlers.Add(path, handler);
        return this;
    }
}
