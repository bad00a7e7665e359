using Alcove.Connect.Calls;
using Microsoft.AspNetCore.Http;

namespace Alcove.Connect;

/// <summary>Errors of callers that stand in front of a <see cref="ConnectRouter"/>, such as a check of who is calling.</summary>
public static class ConnectErrors
{
    /// <summary>Answers with an error as the request's content type wants it: status 200 and one last envelope for streams, the code's status and a JSON body for
    /// everything else, whether it is a call or not.</summary>
    public static Task WriteAsync(HttpContext http, ConnectException error)
    {
        if (!CallFormat.TryParse(http.Request.ContentType, out var format) || !format.Streaming)
        {
            return ErrorAnswer.WriteUnaryAsync(http.Response, error);
        }

        http.Response.ContentType = format.ContentType;
        return ErrorAnswer.WriteEndAsync(http.Response, error);
    }
}
