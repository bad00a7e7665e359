using Alcove.Connect.Codecs;
using Google.Protobuf;

namespace Alcove.Connect.Calls;

/// <summary>One message in, one out.</summary>
internal sealed class UnaryHandler<TRequest, TResponse>(
    ConnectMethod<TRequest, TResponse> method, Func<TRequest, ConnectContext, ValueTask<TResponse>> handler) : CallHandler(streaming: false)
    where TRequest : IMessage<TRequest>
    where TResponse : IMessage<TResponse>
{
    protected override async Task AnswerAsync(Call call)
    {
        try
        {
            var context = call.Accept();
            var request = await call.ReadBodyAsync(method.RequestParser, context.CancellationToken);
            var answer = await handler(request, context);
            await WriteAsync(call, answer, context.CancellationToken);
        }
        catch (Exception e)
        {
            await FailAsync(call, e);
        }
    }

    private static async Task WriteAsync(Call call, TResponse answer, CancellationToken cancellationToken)
    {
        using var bytes = new PooledBuffer(call.Format.Codec.Estimate(answer));
        call.Format.Codec.Write(answer, bytes);
        var response = call.Http.Response;
        response.ContentType = call.Format.ContentType;
        response.ContentLength = bytes.Length;
        await response.BodyWriter.WriteAsync(bytes.Written, cancellationToken);
    }

    private static async Task FailAsync(Call call, Exception exception)
    {
        if (call.Explain(exception) is { } error && !call.Http.Response.HasStarted)
        {
            await ErrorAnswer.WriteUnaryAsync(call.Http.Response, error);
        }
        else
        {
            call.Http.Abort();
        }
    }
}
