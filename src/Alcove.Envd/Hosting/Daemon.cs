using System.Net;
using Alcove.Connect;
using Alcove.Envd.Files;
using Alcove.Envd.Filesystem;
using Alcove.Envd.Init;
using Alcove.Envd.Metrics;
using Alcove.Envd.Ports;
using Alcove.Envd.Processes;
using Alcove.Envd.Users;

namespace Alcove.Envd.Hosting;

/// <summary>All parts of the daemon, put together.</summary>
internal sealed class Daemon : IAsyncDisposable
{
    private readonly DaemonServer _server;
    private readonly PortForwarding _ports;
    private readonly Reaper _reaper = new();
    private readonly Spawner _spawner;

    public Daemon(TimeProvider time, TokenAuthority authority, SystemEnvironment system)
    {
        var state = new DaemonStateHolder();
        var database = new UserDatabase();
        var users = new RequestUser(database, state);
        var rpc = new ConnectRouter(time, new ConnectOptions { OnUnexpected = (http, e) => DaemonLog.Write($"{http.Request.Path}: {e}") });
        _spawner = new Spawner(_reaper);
        new ProcessService(_spawner, new ProcessTable(time), state, system, users, new OutOfMemoryCount(), time).MapTo(rpc);
        var entries = new EntryReader(database);
        new FilesystemService(entries, users, state, new WatcherTable(entries), time).MapTo(rpc);
        var endpoints = new Endpoints(
            rpc,
            new InitEndpoint(state, system, authority, new Clock(time), time),
            new FilesEndpoint(state, database, time),
            new ComposeEndpoint(state, database),
            new MetricsEndpoint(time, new Usage()),
            state,
            system);
        system.Refresh(authority.TryRead(out var identity) ? identity : null);
        _ports = new PortForwarding(time, PortForwarding.Outside);
        _server = new DaemonServer(new Pipeline(endpoints, state, users).HandleAsync);
    }

    public IPEndPoint? Endpoint => _server.Endpoint;

    public async Task StartAsync(IPAddress address, int port)
    {
        _reaper.Start();
        _spawner.Start();
        await _server.StartAsync(address, port);
        _ports.Start();
    }

    public async ValueTask DisposeAsync()
    {
        await _ports.DisposeAsync();
        await _server.DisposeAsync();
    }
}
