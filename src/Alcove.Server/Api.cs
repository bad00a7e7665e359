using Alcove.Server.Admin;
using Alcove.Server.Auth;
using Alcove.Server.Errors;
using Alcove.Server.Limiting;
using Alcove.Server.Nodes;
using Alcove.Server.Requests;
using Alcove.Server.Sandboxes;
using Alcove.Server.Snapshots;
using Alcove.Server.Teams;
using Alcove.Server.Templates;

namespace Alcove.Server;

/// <summary>The REST API, put together.</summary>
internal static class Api
{
    private static readonly string[] AllowedHeaders =
    [
        "Origin", "Content-Length", "Content-Type", "User-Agent", "Authorization", "X-API-Key", "X-Team-ID", "browser", "lang", "lang_version", "machine", "os", "package_version", "processor",
        "publisher", "release", "sdk_runtime", "system",
    ];

    private static readonly string[] ExposedHeaders = ["X-Next-Token", "X-Total-Running", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After"];

    public static IServiceCollection AddApi(this IServiceCollection services) => services
        .AddSingleton<Authentication>()
        .AddSingleton<RouteLimiter>()
        .AddSingleton<SandboxViews>()
        .AddCors(cors => cors.AddDefaultPolicy(policy => policy.AllowAnyOrigin().WithMethods("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS").WithHeaders(AllowedHeaders).WithExposedHeaders(ExposedHeaders)));

    public static void UseApi(this WebApplication app)
    {
        app.UseNoStoreForSecrets();
        app.UseCors();
        app.UseErrorAnswers();
        app.UseRequestDeadline();
        app.UseRouting();
        app.UseAlcoveAuthentication();
        app.MapHealth();
        app.MapSandboxes();
        app.MapLifecycle();
        app.MapSnapshots();
        app.MapTeams();
        app.MapTemplates();
        app.MapAdmin();
        app.MapNodes();
        app.MapLater();
    }
}
