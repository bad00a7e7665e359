using System.Text.Json;
using Alcove.Envd.Hosting;
using Alcove.Protocol.Envd;

namespace Alcove.Envd.Init;

/// <summary>
/// <c>POST /init</c>, from the host after every start and resume, and again every few milliseconds until it is answered:
/// quick, repeatable, indifferent to callers that have gone. Each time the host's file is read anew. An older request than the newest
/// applied one changes nothing; a wake-up as another sandbox, with another token or as another run begins a new history.
/// </summary>
internal sealed class InitEndpoint(DaemonStateHolder state, SystemEnvironment system, TokenAuthority authority, Clock clock, TimeProvider time)
{
    /// <summary>Room for every environment variable that a create may carry.</summary>
    private const int LargestBody = 4 << 20;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private (HostIdentity? Identity, string? Run) _appliedFor;
    private long _newestApplied;

    public async Task HandleAsync(HttpContext http)
    {
        http.Response.Headers["X-Envd-Version"] = EnvdVersion.Current;
        if (await ReadAsync(http.Request) is not { } request)
        {
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        await _turn.WaitAsync(CancellationToken.None);
        try
        {
            await ApplyAsync(http, request);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <returns>Null when it is not a request.</returns>
    private static async Task<InitRequest?> ReadAsync(HttpRequest http)
    {
        try
        {
            if (await LimitedBody.ReadAsync(http.Body, LargestBody, CancellationToken.None) is not { } body)
            {
                return null;
            }

            var request = body.Length == 0 ? null : JsonSerializer.Deserialize(body.Span, EnvdJson.Default.InitRequest);
            return request?.AccessToken is { } token && (token.Length == 0 || token.Contains('\\', StringComparison.Ordinal)) ? null : request ?? new InitRequest();
        }
        catch (Exception e) when (e is JsonException or IOException or BadHttpRequestException)
        {
            return null;
        }
    }

    private async Task ApplyAsync(HttpContext http, InitRequest request)
    {
        var current = state.Current;
        if (!authority.TryRead(out var identity))
        {
            await PlainText.WriteAsync(http, StatusCodes.Status503ServiceUnavailable, "the host's file cannot be read");
            return;
        }

        if (TokenAuthority.Refusal(identity, current.AccessToken, request.AccessToken) is { } refusal)
        {
            await PlainText.WriteAsync(http, StatusCodes.Status401Unauthorized, refusal);
            return;
        }

        if (IsNews(identity, request))
        {
            clock.Set(request.Timestamp);
            Remember(identity, request);
            system.Refresh(identity);
            state.Current = Merge(current, request);
        }

        http.Response.StatusCode = StatusCodes.Status204NoContent;
        http.Response.Headers.CacheControl = "no-store";
    }

    private bool IsNews(HostIdentity? identity, InitRequest request) =>
        request.Timestamp is not { } timestamp || timestamp.UtcTicks >= _newestApplied || _appliedFor != (identity, request.LifecycleID);

    /// <remarks>No later than now, when the clock has been set: a request from the future would shut out all that follow.</remarks>
    private void Remember(HostIdentity? identity, InitRequest request)
    {
        var before = _appliedFor == (identity, request.LifecycleID) || request.Timestamp is null ? _newestApplied : 0;
        _appliedFor = (identity, request.LifecycleID);
        _newestApplied = request.Timestamp is { } timestamp ? Math.Max(before, Math.Min(timestamp.UtcTicks, time.GetUtcNow().UtcTicks)) : before;
    }

    private static DaemonState Merge(DaemonState current, InitRequest request) => current with
    {
        AccessToken = request.AccessToken,
        EnvVars = request.EnvVars ?? current.EnvVars,
        DefaultUser = request.DefaultUser is { Length: > 0 } user ? user : current.DefaultUser,
        DefaultWorkdir = request.DefaultWorkdir is { Length: > 0 } directory ? directory : current.DefaultWorkdir,
    };
}
