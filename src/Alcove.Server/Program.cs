using Alcove.Control;
using Alcove.Control.Sandboxes;
using Alcove.Control.Secrets;
using Alcove.Control.Storage;
using Alcove.Control.Teams;
using Alcove.Server;
using Alcove.Server.Auth;
using Alcove.Server.Edge;
using Alcove.Server.Listening;

const string Usage = """
    alcove-server          answers the API and sandbox traffic, until it is stopped
    alcove-server --seed   does so after putting the well-known team, key and token into a database that has no team yet
    alcove-server seed     puts into the database what is missing of them, and ends

    Settings come from the environment, see docs/operations.md.
    """;

try
{
    var options = ServerOptions.FromEnvironment(Environment.GetEnvironmentVariable);
    Directory.CreateDirectory(Path.Combine(options.Home, "server"));
    await using var app = Build(options);
    switch (args)
    {
        case ["seed"]:
            await app.Services.GetRequiredService<Seed>().RunAsync(CancellationToken.None);
            Console.WriteLine("The database has the well-known team, API key and access token.");
            return 0;
        case [] or ["--seed"]:
            await (args is [] ? app.Services.GetRequiredService<Database>().MigrateAsync(CancellationToken.None) : app.Services.GetRequiredService<Seed>().RunIfEmptyAsync(CancellationToken.None));
            await WellKnownKeyGuard.CheckAsync(options, app.Services.GetRequiredService<ListeningOptions>(), app.Services.GetRequiredService<Credentials>(), CancellationToken.None);
            await app.Services.GetRequiredService<SandboxDirectory>().PublishAllAsync(CancellationToken.None);
            app.UseDrain();
            app.UseEdge();
            app.UseApi();
            await app.RunAsync();
            return 0;
        default:
            Console.WriteLine(Usage);
            return args is ["--help" or "-h" or "help"] ? 0 : 2;
    }
}
catch (Exception e) when (e is ArgumentException or InvalidOperationException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"alcove-server: {e.Message}");
    return 1;
}

static WebApplication Build(ServerOptions options)
{
    var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory }); // Not where it was started: its user may not be able to read that.
    builder.Logging.ClearProviders().AddSimpleConsole(console =>
    {
        console.SingleLine = true;
        console.TimestampFormat = "HH:mm:ss.fff ";
        console.ColorBehavior = Microsoft.Extensions.Logging.Console.LoggerColorBehavior.Disabled;
    });
    builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("Orleans", LogLevel.Warning).AddFilter("Orleans.Runtime.Silo", LogLevel.Error)
        .AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error) // The first time it looks, it takes the machine's uptime for a delay.
        .AddFilter("Orleans.Runtime.Scheduler", LogLevel.Error) // On a slow machine it warns of every turn that took a moment.
        .AddFilter("Polly", LogLevel.Warning);
    builder.Services.AddSingleton(options)
        .AddControl(options.Database, InstallationSecrets.Load(options.SecretsDirectory), options.NodeSocket, options.PausedRetention)
        .AddApi();
    builder.Host.UseOrleans(silo => silo.UseSingleSilo(options.ApiPort + 8111, options.ApiPort + 27000));
    builder.Configuration.AddEnvironmentVariables();
    builder.AddListening(ListeningOptions.Read(builder.Configuration)).AddEdge(EdgeOptions.Read(builder.Configuration));
    return builder.Build();
}
