using System.Runtime.CompilerServices;
using Alcove.Connect.Client;
using Alcove.Connect.Codecs;
using Google.Protobuf;

namespace Alcove.Connect;

/// <summary>Calls RPCs over any <see cref="HttpMessageInvoker"/> (a Unix socket's, for example), with the binary codec.</summary>
/// <param name="http">Sends the requests. Its handler's <see cref="SocketsHttpHandler.ResponseDrainTimeout"/> is best zero, so that a stream which is left
/// early ends at once; see <see cref="UnixSocketHandler"/>.</param>
/// <param name="baseAddress">What the methods' paths are put behind, for example <c>http://node/</c>.</param>
/// <param name="time">The clock of timeouts, the system's by default.</param>
/// <param name="maxResponseBytes">The longest message that is accepted, 64 MiB by default, 1 GiB at most.</param>
public sealed class ConnectClient(HttpMessageInvoker http, Uri baseAddress, TimeProvider? time = null, int maxResponseBytes = 64 * 1024 * 1024)
{
    private readonly int _maxResponseBytes = MessageSize.Limit(maxResponseBytes, nameof(maxResponseBytes));

    /// <exception cref="ConnectException">The server answered with an error, or could not be reached (<see cref="ConnectCode.Unavailable"/>).</exception>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    public Task<TResponse> UnaryAsync<TRequest, TResponse>(
        ConnectMethod<TRequest, TResponse> method, TRequest request, CancellationToken cancellationToken)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse> => UnaryAsync(method, request, timeout: null, cancellationToken);

    /// <inheritdoc cref="UnaryAsync{TRequest,TResponse}(ConnectMethod{TRequest,TResponse},TRequest,CancellationToken)"/>
    /// <param name="method">What is called.</param>
    /// <param name="request">Its request.</param>
    /// <param name="timeout">Sent to the server and kept here too; ends in <see cref="ConnectCode.DeadlineExceeded"/>. Null for none.</param>
    /// <param name="cancellationToken">Gives the call up.</param>
    public async Task<TResponse> UnaryAsync<TRequest, TResponse>(
        ConnectMethod<TRequest, TResponse> method, TRequest request, TimeSpan? timeout, CancellationToken cancellationToken)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse>
    {
        using var call = new ClientCall(http, time ?? TimeProvider.System, _maxResponseBytes, timeout, cancellationToken);
        try
        {
            return await call.UnaryAsync(Address(method.Path), request, method.ResponseParser);
        }
        catch (Exception e) when (call.Explain(e) is { } error)
        {
            throw error;
        }
    }

    /// <exception cref="ConnectException">The stream ended with an error, without its end message, or could not be opened.</exception>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    public IAsyncEnumerable<TResponse> ServerStreamingAsync<TRequest, TResponse>(
        ConnectMethod<TRequest, TResponse> method, TRequest request, CancellationToken cancellationToken)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse> => ServerStreamingAsync(method, request, timeout: null, cancellationToken);

    /// <inheritdoc cref="ServerStreamingAsync{TRequest,TResponse}(ConnectMethod{TRequest,TResponse},TRequest,CancellationToken)"/>
    /// <param name="method">What is called, when the first message is asked for.</param>
    /// <param name="request">Its request.</param>
    /// <param name="timeout">Of the whole stream. Sent to the server and kept here too; ends in <see cref="ConnectCode.DeadlineExceeded"/>. Null for none.</param>
    /// <param name="cancellationToken">Gives the call up, as does leaving the loop.</param>
    public async IAsyncEnumerable<TResponse> ServerStreamingAsync<TRequest, TResponse>(
        ConnectMethod<TRequest, TResponse> method, TRequest request, TimeSpan? timeout, [EnumeratorCancellation] CancellationToken cancellationToken)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse>
    {
        using var call = new ClientCall(http, time ?? TimeProvider.System, _maxResponseBytes, timeout, cancellationToken);
        await using var messages = call.ServerStreamingAsync(Address(method.Path), request, method.ResponseParser).GetAsyncEnumerator(cancellationToken);
        while (await MoveNextAsync(messages, call))
        {
            yield return messages.Current;
        }
    }

    private static async ValueTask<bool> MoveNextAsync<TResponse>(IAsyncEnumerator<TResponse> messages, ClientCall call)
    {
        try
        {
            return await messages.MoveNextAsync();
        }
        catch (Exception e) when (call.Explain(e) is { } error)
        {
            throw error;
        }
    }

    private Uri Address(string path) => new(baseAddress, path);
}
