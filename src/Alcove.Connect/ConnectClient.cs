using Google.Protobuf;

namespace Alcove.Connect;

/// <summary>Calls RPCs over any <see cref="HttpMessageInvoker"/> (a Unix socket's, for example), with the binary codec.</summary>
public sealed class ConnectClient(HttpMessageInvoker http, Uri baseAddress)
{
    /// <exception cref="ConnectException">The server answered with an error, or could not be reached (<see cref="ConnectCode.Unavailable"/>).</exception>
    public Task<TResponse> UnaryAsync<TRequest, TResponse>(
        ConnectMethod<TRequest, TResponse> method, TRequest request, CancellationToken cancellationToken)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse> => throw new NotImplementedException(method.Path + request + http + baseAddress + cancellationToken);

    /// <exception cref="ConnectException">The stream ended with an error, without its end message, or could not be opened.</exception>
    public IAsyncEnumerable<TResponse> ServerStreamingAsync<TRequest, TResponse>(
        ConnectMethod<TRequest, TResponse> method, TRequest request, CancellationToken cancellationToken)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse> => throw new NotImplementedException(method.Path + request + http + baseAddress + cancellationToken);
}
