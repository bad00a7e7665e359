using Alcove.Connect.Codecs;
using Alcove.Connect.Framing;
using Microsoft.AspNetCore.Http;

namespace Alcove.Connect.Calls;

/// <summary>Writes how a call failed, in the two shapes there are.</summary>
internal static class ErrorAnswer
{
    /// <summary>A unary call's: the status that stands for the code, and a JSON body, whatever the codec.</summary>
    public static async Task WriteUnaryAsync(HttpResponse response, ConnectException error)
    {
        using var text = new PooledBuffer();
        ErrorText.WriteUnary(text, error);
        response.StatusCode = error.Code.ToHttpStatus();
        response.ContentType = "application/json";
        response.ContentLength = text.Length;
        await response.BodyWriter.WriteAsync(text.Written);
    }

    /// <summary>A stream's last envelope.</summary>
    /// <param name="response">Status 200, with the request's content type.</param>
    /// <param name="error">Null for success.</param>
    public static async Task WriteEndAsync(HttpResponse response, ConnectException? error)
    {
        using var envelope = Envelope.OfEnd(error);
        await response.BodyWriter.WriteAsync(envelope.Written);
    }
}
