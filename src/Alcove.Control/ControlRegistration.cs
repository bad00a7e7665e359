using Alcove.Connect;
using Alcove.Control.Nodes;
using Alcove.Control.Routing;
using Alcove.Control.Sandboxes;
using Alcove.Control.Secrets;
using Alcove.Control.Snapshots;
using Alcove.Control.Storage;
using Alcove.Control.Teams;
using Alcove.Control.Templates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;

namespace Alcove.Control;

/// <summary>The control plane, put together.</summary>
public static class ControlRegistration
{
    /// <summary>Longer than the longest act's own deadline.</summary>
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(75);

    /// <param name="services">Where to.</param>
    /// <param name="database">See <see cref="StorageRegistration.AddStorage"/>.</param>
    /// <param name="secrets">The installation's.</param>
    /// <param name="nodeSocket">The node's Unix socket.</param>
    /// <param name="pausedRetention">How long paused sandboxes are kept; null for ever.</param>
    public static IServiceCollection AddControl(this IServiceCollection services, string database, InstallationSecrets secrets, string nodeSocket, TimeSpan? pausedRetention)
    {
        services.TryAddSingleton(TimeProvider.System);
        return services
            .AddStorage(database)
            .AddSingleton(secrets)
            .AddSingleton<RouteTable>()
            .AddSingleton<NodeRegistry>()
            .AddSingleton<NodeStandings>()
            .AddSingleton<SandboxTokens>()
            .AddSingleton<SandboxDirectory>()
            .AddSingleton<SandboxForks>()
            .AddSingleton<SnapshotDirectory>()
            .AddSingleton<TemplateResolver>()
            .AddSingleton<SandboxEvents>()
            .AddSingleton<CaptureHolds>()
            .AddSingleton<TemplateDirectory>()
            .AddSingleton<Credentials>()
            .AddSingleton<ApiKeys>()
            .AddSingleton<Seed>()
            .AddSingleton(_ => new NodeClient(new ConnectClient(new HttpMessageInvoker(UnixSocketHandler.Create(nodeSocket)), new Uri("http://node"))))
            .AddHostedService<NodeWatch>()
            .AddHostedService<Sweeper>()
            .AddHostedService(provider => new Retention(
                pausedRetention, provider.GetRequiredService<Database>(), provider.GetRequiredService<IGrainFactory>(), provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<Microsoft.Extensions.Logging.ILogger<Retention>>()));
    }

    /// <summary>One silo, which knows of no others: nothing else in the code knows how many there are.</summary>
    public static ISiloBuilder UseSingleSilo(this ISiloBuilder silo, int siloPort, int gatewayPort) => silo
        .UseLocalhostClustering(siloPort, gatewayPort)
        .Configure<SiloMessagingOptions>(options => options.ResponseTimeout = ResponseTimeout)
        .Configure<ClientMessagingOptions>(options => options.ResponseTimeout = ResponseTimeout);
}
