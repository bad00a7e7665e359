using System.Buffers;
using System.Runtime.CompilerServices;
using Alcove.Connect.Codecs;
using Alcove.Connect.Framing;
using Google.Protobuf;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace Alcove.Connect.Calls;

/// <summary>One request being answered: its messages, its deadline, and what its failures are called.</summary>
internal sealed class Call(HttpContext http, CallFormat format, TimeProvider time, ConnectOptions options) : IDisposable
{
    private CancellationTokenSource? _deadline;
    private CancellationTokenSource? _end;
    private bool _compressed;

    public HttpContext Http => http;

    public CallFormat Format => format;

    /// <summary>Reads the headers and starts the deadline.</summary>
    /// <exception cref="ConnectException">A header is not as it should be, or the deadline is now.</exception>
    public ConnectContext Accept()
    {
        var headers = http.Request.Headers;
        CallHeaders.CheckVersion(headers);
        var timeout = Deadlines.Settable(CallHeaders.ReadTimeout(headers));
        _compressed = CallHeaders.IsCompressed(headers, format.Streaming ? CallHeaders.StreamEncoding : CallHeaders.UnaryEncoding);
        var context = new ConnectContext(http, timeout, StartDeadline(timeout));
        context.CancellationToken.ThrowIfCancellationRequested();
        return context;
    }

    /// <summary>The body as one message.</summary>
    public async ValueTask<T> ReadBodyAsync<T>(MessageParser<T> parser, CancellationToken cancellationToken)
        where T : IMessage<T>
    {
        var body = http.Request.BodyReader;
        var bytes = await BodyReader.ReadAllAsync(body, options.MaxRequestBytes, cancellationToken);
        try
        {
            return Decode(bytes, _compressed, parser);
        }
        finally
        {
            body.AdvanceTo(bytes.End);
        }
    }

    /// <summary>The body's envelopes as messages.</summary>
    public async IAsyncEnumerable<T> ReadStreamAsync<T>(
        MessageParser<T> parser, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : IMessage<T>
    {
        var envelopes = new EnvelopeReader(http.Request.BodyReader, options.MaxRequestBytes);
        T? message = default;
        while (await envelopes.ReadAsync((flags, payload) => message = Unwrap(flags, payload, parser), cancellationToken))
        {
            yield return message!;
        }
    }

    /// <summary>The body's one envelope as a message.</summary>
    public async ValueTask<T> ReadSingleAsync<T>(MessageParser<T> parser, CancellationToken cancellationToken)
        where T : IMessage<T>
    {
        T? only = default;
        await foreach (var message in ReadStreamAsync(parser, cancellationToken))
        {
            only = only is null ? message : throw new MalformedException("the request has more than one message");
        }

        return only ?? throw new MalformedException("the request has no message");
    }

    /// <summary>The one place where an exception becomes what the client is told.</summary>
    /// <returns>Null when there is nobody left to tell.</returns>
    public ConnectException? Explain(Exception exception)
    {
        switch (exception)
        {
            case ConnectException known:
                return known;
            case MalformedException:
                return new ConnectException(ConnectCode.InvalidArgument, exception.Message);
            case ConnectionResetException or ConnectionAbortedException:
            case OperationCanceledException or IOException when http.RequestAborted.IsCancellationRequested:
                return null;
            case OperationCanceledException when _deadline is { IsCancellationRequested: true }:
                return new ConnectException(ConnectCode.DeadlineExceeded, "context deadline exceeded");
            case OperationCanceledException:
                return new ConnectException(ConnectCode.Canceled, "the call was cancelled");
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return new ConnectException(ConnectCode.ResourceExhausted, "the request body is too large");
            case BadHttpRequestException:
                return new ConnectException(ConnectCode.InvalidArgument, "the request body cannot be read");
            default:
                options.OnUnexpected?.Invoke(http, exception);
                return new ConnectException(ConnectCode.Internal, "internal error");
        }
    }

    public void Dispose()
    {
        _end?.Dispose();
        _deadline?.Dispose();
    }

    private CancellationToken StartDeadline(TimeSpan? timeout)
    {
        if (timeout is not { } limit)
        {
            return http.RequestAborted;
        }

        _deadline = new CancellationTokenSource(limit, time);
        _end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, _deadline.Token);
        return _end.Token;
    }

    private T Unwrap<T>(EnvelopeFlags flags, ReadOnlySequence<byte> payload, MessageParser<T> parser)
        where T : IMessage<T> => flags switch
        {
            EnvelopeFlags.None => Decode(payload, compressed: false, parser),
            EnvelopeFlags.Compressed when _compressed => Decode(payload, compressed: true, parser),
            EnvelopeFlags.Compressed => throw new MalformedException($"a message is compressed, but {CallHeaders.StreamEncoding} names no compression"),
            _ => throw new MalformedException($"a message has unknown flags: {(byte)flags}"),
        };

    private T Decode<T>(ReadOnlySequence<byte> bytes, bool compressed, MessageParser<T> parser)
        where T : IMessage<T>
    {
        if (!compressed)
        {
            return format.Codec.Read(bytes, parser);
        }

        using var plain = Gzip.Decompress(bytes, options.MaxRequestBytes);
        return format.Codec.Read(new ReadOnlySequence<byte>(plain.Written), parser);
    }
}
