using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace Alcove.Connect;

/// <summary>The RPCs of a server, by path. It needs no host, no routing and no dependency injection, so that a small daemon can use it.</summary>
public sealed class ConnectRouter(TimeProvider time)
{
    private readonly Dictionary<string, RequestDelegate> _handlers = new(StringComparer.Ordinal);

    /// <summary>One message in, one out.</summary>
    public ConnectRouter Unary<TRequest, TResponse>(
        ConnectMethod<TRequest, TResponse> method, Func<TRequest, ConnectContext, ValueTask<TResponse>> handler)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse> => throw new NotImplementedException(method.Path + handler + time);

    /// <summary>One message in, many out, each flushed as it is written.</summary>
    public ConnectRouter ServerStreaming<TRequest, TResponse>(
        ConnectMethod<TRequest, TResponse> method, Func<TRequest, ConnectResponseStream<TResponse>, ConnectContext, Task> handler)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse> => throw new NotImplementedException(method.Path + handler);

    /// <summary>Many messages in, one out.</summary>
    public ConnectRouter ClientStreaming<TRequest, TResponse>(
        ConnectMethod<TRequest, TResponse> method, Func<IAsyncEnumerable<TRequest>, ConnectContext, ValueTask<TResponse>> handler)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse> => throw new NotImplementedException(method.Path + handler);

    /// <summary>Answers the request if its path is one of ours.</summary>
    /// <returns>False, and nothing written, when it is not.</returns>
    public Task<bool> TryHandleAsync(HttpContext http) => throw new NotImplementedException(_handlers.Count + http.Request.Path);
}
