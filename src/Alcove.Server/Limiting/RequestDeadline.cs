using Alcove.Protocol;
using Alcove.Server.Errors;

namespace Alcove.Server.Limiting;

/// <summary>
/// No request of the API is worked on for longer than this: clients have given up by then. What it has begun with a sandbox goes on, and
/// whoever asks again joins it.
/// </summary>
internal static class RequestDeadline
{
    public static TimeSpan Longest { get; } = TimeSpan.FromSeconds(70);

    public static IApplicationBuilder UseRequestDeadline(this IApplicationBuilder app) => app.Use(async (http, next) =>
    {
        var gone = http.RequestAborted;
        using var late = new CancellationTokenSource(Longest, http.RequestServices.GetRequiredService<TimeProvider>());
        using var either = CancellationTokenSource.CreateLinkedTokenSource(gone, late.Token);
        http.RequestAborted = either.Token;
        try
        {
            await next(http);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !gone.IsCancellationRequested && !http.Response.HasStarted)
        {
            http.RequestAborted = gone;
            await ErrorAnswers.WriteAsync(http, new ApiError(StatusCodes.Status504GatewayTimeout, $"The request was not done within {Longest.TotalSeconds:0} seconds, please retry"));
        }
        finally
        {
            http.RequestAborted = gone;
        }
    });
}
