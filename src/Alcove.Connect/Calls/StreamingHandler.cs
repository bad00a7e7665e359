using Google.Protobuf;
using Microsoft.AspNetCore.Http.Features;

namespace Alcove.Connect.Calls;

/// <summary>A call whose answer is a stream: HTTP 200 whatever happens, and one last envelope that says how it went.</summary>
internal abstract class StreamingHandler<TResponse>() : CallHandler(streaming: true)
    where TResponse : IMessage<TResponse>
{
    protected override async Task AnswerAsync(Call call)
    {
        call.Http.Response.ContentType = call.Format.ContentType;
        call.Http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        var stream = new ResponseStream<TResponse>(call);
        try
        {
            var context = call.Accept();
            stream.CallEnds = context.CancellationToken;
            await RunAsync(call, context, stream);
            await EndAsync(call, stream, error: null);
        }
        catch (Exception e) when (call.Explain(e) is { } error)
        {
            await EndAsync(call, stream, error);
        }
        catch
        {
            stream.TryEnd();
            call.Http.Abort();
        }
    }

    private static async Task EndAsync(Call call, ResponseStream<TResponse> stream, ConnectException? error)
    {
        if (stream.TryEnd())
        {
            await ErrorAnswer.WriteEndAsync(call.Http.Response, error);
        }
        else
        {
            call.Http.Abort();
        }
    }

    protected abstract Task RunAsync(Call call, ConnectContext context, ResponseStream<TResponse> answers);
}
