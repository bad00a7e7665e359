using Alcove.Connect;
using Alcove.Envd.Files;
using Alcove.Envd.Init;
using Alcove.Envd.Metrics;

namespace Alcove.Envd.Hosting;

/// <summary>Which path leads where.</summary>
internal sealed class Endpoints(
    ConnectRouter rpc, InitEndpoint init, FilesEndpoint files, ComposeEndpoint compose, MetricsEndpoint metrics, DaemonStateHolder state, SystemEnvironment system)
{
    public async Task HandleAsync(HttpContext http)
    {
        var handler = (http.Request.Path.Value, http.Request.Method) switch
        {
            ("/health", "GET") => HealthAsync(http),
            ("/init", "POST") => init.HandleAsync(http),
            ("/metrics", "GET") => metrics.HandleAsync(http),
            ("/envs", "GET") => EnvsAsync(http),
            ("/files", "GET") => files.DownloadAsync(http),
            ("/files", "POST") => files.UploadAsync(http),
            ("/files/compose", "POST") => compose.HandleAsync(http),
            ("/freeze" or "/unfreeze" or "/collapse" or "/fsfreeze" or "/fsthaw" or "/upgrade", "POST") =>
                JsonError.WriteAsync(http, StatusCodes.Status501NotImplemented, $"{http.Request.Path} belongs to virtual machines; this sandbox is a container"),
            ("/health" or "/metrics" or "/envs", _) => NotAllowed(http, "GET"),
            ("/files", _) => NotAllowed(http, "GET, POST"),
            ("/init" or "/files/compose", _) => NotAllowed(http, "POST"),
            _ => null,
        };
        if (handler is not null)
        {
            await handler;
        }
        else if (!await rpc.TryHandleAsync(http))
        {
            await PlainText.WriteAsync(http, StatusCodes.Status404NotFound, "404 page not found\n");
        }
    }

    private static Task HealthAsync(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        http.Response.Headers.CacheControl = "no-store";
        return Task.CompletedTask;
    }

    private static Task NotAllowed(HttpContext http, string allowed)
    {
        http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
        http.Response.Headers.Allow = allowed;
        return Task.CompletedTask;
    }

    private Task EnvsAsync(HttpContext http)
    {
        http.Response.Headers.CacheControl = "no-store";
        var variables = new Dictionary<string, string>(state.Current.EnvVars);
        foreach (var (name, value) in system.Variables)
        {
            variables[name] = value;
        }

        return JsonBody.WriteAsync(http, json =>
        {
            json.WriteStartObject();
            foreach (var (name, value) in variables)
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
        });
    }
}
