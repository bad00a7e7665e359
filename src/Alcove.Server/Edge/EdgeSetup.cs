using Alcove.Control.Routing;
using Alcove.Server.Listening;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Alcove.Server.Edge;

/// <summary>Adds the edge: what answers on the traffic port.</summary>
internal static class EdgeSetup
{
    /// <param name="builder">The server.</param>
    /// <param name="options">The edge's settings.</param>
    public static WebApplicationBuilder AddEdge(this WebApplicationBuilder builder, EdgeOptions options)
    {
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<RouteTable>();
        services.AddHttpForwarder();
        services.AddSingleton(options);
        services.AddSingleton<Dialer>();
        services.AddSingleton<Upstreams>();
        services.AddSingleton<SandboxForwarder>();
        services.AddSingleton<TargetReader>();
        services.AddSingleton<SignedFiles>();
        services.TryAddSingleton<ISandboxWaker, SandboxWaker>();
        services.AddSingleton<EdgeHandler>();

        // The library tells of every request at Information, and of what clients cause as warnings; the edge tells of both at Debug.
        builder.Logging.AddFilter("Yarp", LogLevel.None);
        return builder;
    }

    /// <summary>Answers every request of the traffic port. Put it first: nothing that follows sees one.</summary>
    public static WebApplication UseEdge(this WebApplication app)
    {
        var edge = app.Services.GetRequiredService<EdgeHandler>();
        app.Use(next => context => context.GetServerPort() == ServerPort.Traffic ? edge.HandleAsync(context) : next(context));
        return app;
    }
}
