using System.Text.Json;
using Alcove.Envd.Hosting;
using Alcove.Protocol.Envd;

namespace Alcove.Envd.Init;

/// <summary>
/// <c>POST /init</c>, from the host after every start and resume, and again every few milliseconds until it is answered:
/// quick, repeatable, indifferent to callers that have gone. An older request than the newest applied one changes nothing.
/// </summary>
internal sealed class InitEndpoint(DaemonStateHolder state, SystemEnvironment system, TokenAuthority authority, Clock clock)
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private long _newestApplied;

    public async Task HandleAsync(HttpContext http)
    {
        http.Response.Headers["X-Envd-Version"] = EnvdVersion.Current;
        InitRequest? request;
        try
        {
            request = await ReadAsync(http.Request);
        }
        catch (Exception e) when (e is JsonException or IOException or BadHttpRequestException)
        {
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        if (request?.AccessToken is { } token && (token.Length == 0 || token.Contains('\\', StringComparison.Ordinal)))
        {
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        await _turn.WaitAsync(CancellationToken.None);
        try
        {
            await ApplyAsync(http, request ?? new InitRequest());
        }
        finally
        {
            _turn.Release();
        }
    }

    private static async Task<InitRequest?> ReadAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        return body.Length == 0 ? null : JsonSerializer.Deserialize(body.GetBuffer().AsSpan(0, (int)body.Length), EnvdJson.Default.InitRequest);
    }

    private async Task ApplyAsync(HttpContext http, InitRequest request)
    {
        var current = state.Current;
        if (authority.Refusal(current.AccessToken, request.AccessToken) is { } refusal)
        {
            await PlainText.WriteAsync(http, StatusCodes.Status401Unauthorized, refusal);
            return;
        }

        var timestamp = request.Timestamp?.UtcTicks ?? long.MaxValue;
        if (timestamp >= _newestApplied)
        {
            _newestApplied = request.Timestamp is null ? _newestApplied : timestamp;
            clock.Set(request.Timestamp);
            system.Refresh(authority.Identity());
            state.Current = Merge(current, request);
        }

        http.Response.StatusCode = StatusCodes.Status204NoContent;
        http.Response.Headers.CacheControl = "no-store";
    }

    private static DaemonState Merge(DaemonState current, InitRequest request) => current with
    {
        AccessToken = request.AccessToken,
        EnvVars = request.EnvVars ?? current.EnvVars,
        DefaultUser = request.DefaultUser is { Length: > 0 } user ? user : current.DefaultUser,
        DefaultWorkdir = request.DefaultWorkdir is { Length: > 0 } directory ? directory : current.DefaultWorkdir,
    };
}
