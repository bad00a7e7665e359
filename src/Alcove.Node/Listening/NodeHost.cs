using Alcove.Connect;
using Alcove.Node.Sandboxes;
using Alcove.Node.SelfTest;
using Alcove.Runtime;
using Alcove.Runtime.Crun;
using Alcove.Runtime.Images;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Alcove.Node.Listening;

/// <summary>The node as a process: opens the runtime, takes over what runs, answers on its socket, and ends without ending any sandbox.</summary>
internal sealed partial class NodeHost(NodeOptions options)
{
    public async Task RunAsync()
    {
        await using var instance = SingleInstance.Acquire(options.Runtime.Home);
        var app = Build();
        var runtime = app.Services.GetRequiredService<SandboxRuntime>();
        await using (runtime.ConfigureAwait(false))
        {
            await runtime.OpenAsync(CancellationToken.None);
            File.Delete(options.Socket);
            await app.StartAsync();
            new SocketGroup(options.Group).Own(options.Socket);
            var running = runtime.Runs.Count();
            Ready(app.Logger, options.Socket, running);
            var test = app.Services.GetRequiredService<PauseTest>().RunUntilThereIsRoomAsync(app.Lifetime.ApplicationStopping);
            await app.WaitForShutdownAsync();
            File.Delete(options.Socket);
            await test;
        }
    }

    /// <summary>Tries whether sandboxes can be paused, where no node runs that has tried it already.</summary>
    public async Task<PauseTestResult> TestAsync()
    {
        await using var instance = SingleInstance.Acquire(options.Runtime.Home);
        var app = Build();
        await using var runtime = app.Services.GetRequiredService<SandboxRuntime>();
        await runtime.OpenAsync(CancellationToken.None);
        return await app.Services.GetRequiredService<PauseTest>().RunAsync();
    }

    private WebApplication Build()
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory }); // Not where it was started: its user may not be able to read that.
        builder.Logging.ClearProviders().AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
            console.ColorBehavior = Microsoft.Extensions.Logging.Console.LoggerColorBehavior.Disabled;
        });
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Services.AddSingleton(TimeProvider.System)
            .AddSingleton(new HomePaths(options.Runtime.Home))
            .AddSingleton<TemplateStore>()
            .AddSingleton<DaemonInit>()
            .AddSingleton<SandboxService>()
            .AddSingleton(services => new ServerContact(TimeProvider.System))
            .AddHostedService(services => new Orphanage(
                services.GetRequiredService<SandboxRuntime>(), services.GetRequiredService<ServerContact>(), options.OrphanPatience, TimeProvider.System, services.GetRequiredService<ILogger<Orphanage>>()))
            .AddSingleton<PauseTest>()
            .AddSingleton<CaptureService>()
            .AddSingleton<StatusService>()
            .AddSingleton(services => new SandboxRuntime(
                options.Runtime, PreparedDiskMiB(services.GetRequiredService<TemplateStore>()), TimeProvider.System, services.GetRequiredService<ILogger<SandboxRuntime>>()));
        var group = new SocketGroup(options.Group);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(options.Socket, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.Use(next => connection =>
            {
                var socket = connection.Features.Get<IConnectionSocketFeature>()!.Socket;
                var (uid, gid) = PeerCredentials.Of(socket);
                return group.Admits(uid, gid) ? next(connection) : Task.CompletedTask;
            });
        }));
        var app = builder.Build();
        Map(app);
        return app;
    }

    private static void Map(WebApplication app)
    {
        var router = new ConnectRouter(TimeProvider.System, new ConnectOptions { OnUnexpected = (http, e) => CallFailed(app.Logger, http.Request.Path, e) });
        app.Services.GetRequiredService<SandboxService>().MapTo(router);
        app.Services.GetRequiredService<CaptureService>().MapTo(router);
        app.Services.GetRequiredService<StatusService>().MapTo(router);
        var contact = app.Services.GetRequiredService<ServerContact>();
        app.Run(async http =>
        {
            contact.Note();
            if (!await router.TryHandleAsync(http))
            {
                http.Response.StatusCode = StatusCodes.Status404NotFound;
            }
        });
    }

    /// <summary>Disks are made ahead in the size that most sandboxes have.</summary>
    private static int PreparedDiskMiB(TemplateStore templates) => templates.All() is [var first, ..] ? first.DiskMiB : 5120;

    [LoggerMessage(Level = LogLevel.Information, Message = "Node listens on {Socket}; {Count} sandboxes run")]
    private static partial void Ready(ILogger logger, string socket, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Path} failed")]
    private static partial void CallFailed(ILogger logger, string path, Exception exception);
}
