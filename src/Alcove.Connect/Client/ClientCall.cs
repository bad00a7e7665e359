using System.Globalization;
using System.IO.Pipelines;
using System.Net.Http.Headers;
using Alcove.Connect.Calls;
using Alcove.Connect.Codecs;
using Alcove.Connect.Framing;
using Google.Protobuf;

namespace Alcove.Connect.Client;

/// <summary>One call being made: its request, its deadline, and what its failures are called.</summary>
internal sealed class ClientCall : IDisposable
{
    private const string UnaryType = "application/proto";
    private const string StreamType = "application/connect+proto";
    private const long LongestTimeout = 9_999_999_999;

    private readonly HttpMessageInvoker _http;
    private readonly int _maxBytes;
    private readonly TimeSpan? _timeout;
    private readonly CancellationToken _givenUp;
    private readonly CancellationTokenSource _deadline;
    private readonly CancellationTokenSource _end;

    public ClientCall(HttpMessageInvoker http, TimeProvider time, int maxBytes, TimeSpan? timeout, CancellationToken givenUp)
    {
        _http = http;
        _maxBytes = maxBytes;
        _timeout = timeout;
        _givenUp = givenUp;
        _deadline = Deadlines.Settable(timeout) is { } limit
            ? new CancellationTokenSource(limit > TimeSpan.Zero ? limit : TimeSpan.Zero, time)
            : new CancellationTokenSource();
        _end = CancellationTokenSource.CreateLinkedTokenSource(givenUp, _deadline.Token);
    }

    public async Task<TResponse> UnaryAsync<TResponse>(Uri address, IMessage request, MessageParser<TResponse> parser)
        where TResponse : IMessage<TResponse>
    {
        using var response = await SendAsync(address, UnaryType, request.ToByteArray());
        await ClientErrors.ThrowIfFailedAsync(response, UnaryType, _end.Token);
        var body = PipeReader.Create(await response.Content.ReadAsStreamAsync(_end.Token));
        try
        {
            return MessageCodec.Binary.Read(await BodyReader.ReadAllAsync(body, _maxBytes, _end.Token), parser);
        }
        finally
        {
            await body.CompleteAsync();
        }
    }

    public async IAsyncEnumerable<TResponse> ServerStreamingAsync<TResponse>(Uri address, IMessage request, MessageParser<TResponse> parser)
        where TResponse : IMessage<TResponse>
    {
        using var response = await SendAsync(address, StreamType, Enveloped(request));
        await ClientErrors.ThrowIfFailedAsync(response, StreamType, _end.Token);
        var body = PipeReader.Create(await response.Content.ReadAsStreamAsync(_end.Token));
        try
        {
            var envelopes = new EnvelopeReader(body, _maxBytes);
            var answer = new StreamAnswer<TResponse>(parser);
            while (await envelopes.ReadAsync(answer.Take, _end.Token))
            {
                if (!answer.Ended)
                {
                    yield return answer.Message!;
                }
            }

            answer.ThrowIfFailed();
        }
        finally
        {
            await body.CompleteAsync();
        }
    }

    /// <summary>The one place where an exception becomes a coded one.</summary>
    /// <returns>Null where it is to be thrown on as it is.</returns>
    public ConnectException? Explain(Exception exception) => exception switch
    {
        OperationCanceledException when _givenUp.IsCancellationRequested => null,
        OperationCanceledException when _deadline.IsCancellationRequested =>
            new ConnectException(ConnectCode.DeadlineExceeded, "context deadline exceeded", exception),
        OperationCanceledException or HttpRequestException or IOException =>
            new ConnectException(ConnectCode.Unavailable, $"the connection to the server failed: {exception.Message}", exception),
        MalformedException => new ConnectException(ConnectCode.Internal, $"the answer is malformed: {exception.Message}", exception),
        _ => null,
    };

    public void Dispose()
    {
        _end.Dispose();
        _deadline.Dispose();
    }

    private async Task<HttpResponseMessage> SendAsync(Uri address, string contentType, byte[] body)
    {
        _end.Token.ThrowIfCancellationRequested();
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(contentType);
        request.Headers.Add(CallHeaders.ProtocolVersion, "1");
        if (_timeout is { } timeout)
        {
            var milliseconds = Math.Min((long)Math.Ceiling(timeout.TotalMilliseconds), LongestTimeout);
            request.Headers.Add(CallHeaders.Timeout, milliseconds.ToString(CultureInfo.InvariantCulture));
        }

        // An HttpClient would otherwise wait for the whole body, which a stream may never finish.
        return _http is HttpClient client
            ? await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _end.Token)
            : await _http.SendAsync(request, _end.Token);
    }

    private static byte[] Enveloped(IMessage message)
    {
        using var envelope = Envelope.OfMessage(MessageCodec.Binary, message);
        return envelope.Written.ToArray();
    }
}
