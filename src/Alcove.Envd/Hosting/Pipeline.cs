using Alcove.Connect;
using Alcove.Envd.Hashing;
using Alcove.Envd.Init;

namespace Alcove.Envd.Hosting;

/// <summary>
/// Every request, in this order: 1. CORS, before anything that wants a token. 2. The access token. 3. The user that Basic
/// authorization names. 4. The endpoint.
/// </summary>
internal sealed class Pipeline(Endpoints endpoints, DaemonStateHolder state, RequestUser users)
{
    /// <summary>Each of these checks for itself who may use it.</summary>
    private static readonly HashSet<string> OpenToAll = ["GET /health", "GET /files", "POST /files", "POST /init"];

    public async Task HandleAsync(HttpContext http)
    {
        if (Cors.Answered(http))
        {
            return;
        }

        if (!HasToken(http.Request))
        {
            await JsonError.WriteAsync(http, StatusCodes.Status401Unauthorized, "unauthorized access, please provide a valid access token or method signing if supported");
            return;
        }

        if (RequestUser.NameIn(http.Request) is { } name && !users.IsKnown(name))
        {
            await ConnectErrors.WriteAsync(http, new ConnectException(ConnectCode.Unauthenticated, $"invalid username: '{name}'"));
            return;
        }

        await endpoints.HandleAsync(http);
    }

    private bool HasToken(HttpRequest request) =>
        state.Current.AccessToken is not { } token
        || OpenToAll.Contains($"{request.Method} {request.Path}")
        || FixedTime.Equal(request.Headers["X-Access-Token"].ToString(), token);
}
