using System.Text.Json;
using Alcove.Protocol;

namespace Alcove.Server.Errors;

/// <summary>Turns whatever ends a request of the API into the error body that clients read.</summary>
internal static partial class ErrorAnswers
{
    public static IApplicationBuilder UseErrorAnswers(this IApplicationBuilder app) => app.Use(async (http, next) =>
    {
        try
        {
            await next(http);
            if (http.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null })
            {
                await WriteAsync(http, new ApiError(http.Response.StatusCode, Text(http)));
            }
        }
        catch (ApiException e) when (!http.Response.HasStarted)
        {
            await WriteAsync(http, e.Error);
        }
        catch (BadHttpRequestException e) when (!http.Response.HasStarted)
        {
            await WriteAsync(http, new ApiError(e.StatusCode, e.StatusCode == StatusCodes.Status400BadRequest ? $"Invalid request body: {e.Message}" : e.Message));
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client is gone.
        }
        catch (Exception e) when (!http.Response.HasStarted)
        {
            Unexpected(http.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("Alcove.Server.Errors"), http.Request.Method, http.Request.Path, e);
            await WriteAsync(http, new ApiError(StatusCodes.Status500InternalServerError, "An internal error occurred; the server's log has it", "internal_server_error"));
        }
    });

    public static Task WriteAsync(HttpContext http, ApiError error)
    {
        http.Response.StatusCode = error.Code;
        http.Response.ContentType = "application/json; charset=utf-8";
        return http.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(error, RestJson.Default.ApiError)).AsTask();
    }

    private static string Text(HttpContext http) => http.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => $"no route for {http.Request.Path}",
        StatusCodes.Status405MethodNotAllowed => $"{http.Request.Method} is not a method of {http.Request.Path}",
        var status => $"request failed with status {status}",
    };

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed")]
    private static partial void Unexpected(ILogger logger, string method, string path, Exception exception);
}
