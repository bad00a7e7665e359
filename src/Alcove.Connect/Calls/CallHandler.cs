using Microsoft.AspNetCore.Http;

namespace Alcove.Connect.Calls;

/// <summary>Answers the calls of one method.</summary>
internal abstract class CallHandler(bool streaming)
{
    private readonly string _accepted = CallFormat.Accepted(streaming);

    /// <summary>Refuses what is not a call of this method, in plain HTTP, and answers the rest.</summary>
    public async Task HandleAsync(HttpContext http, TimeProvider time, ConnectOptions options)
    {
        if (!HttpMethods.IsPost(http.Request.Method))
        {
            http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            http.Response.Headers.Allow = HttpMethods.Post;
            return;
        }

        if (!CallFormat.TryParse(http.Request.ContentType, out var format) || format.Streaming != streaming)
        {
            http.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            http.Response.Headers["Accept-Post"] = _accepted;
            return;
        }

        using var call = new Call(http, format, time, options);
        KestrelLimits.Lift(http, streaming);
        await AnswerAsync(call);
    }

    protected abstract Task AnswerAsync(Call call);
}
