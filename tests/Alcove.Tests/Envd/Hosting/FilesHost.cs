using System.Net;
using Alcove.Connect;
using Alcove.Envd.Files;
using Alcove.Envd.Filesystem;
using Alcove.Envd.Hosting;
using Alcove.Envd.Init;
using Alcove.Envd.Metrics;
using Alcove.Envd.Users;
using Google.Protobuf;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Alcove.Tests.Envd.Hosting;

/// <summary>The daemon's door with all that is about files behind it, on a free port, over a directory of its own whose user is whoever runs the tests.</summary>
internal sealed class FilesHost : IAsyncDisposable
{
    private readonly DaemonServer _server;

    private FilesHost()
    {
        Directory.CreateDirectory(Home);
        var me = FileStatus.Read(Home, follow: true)!.Value;
        File.WriteAllText(Path.Combine(Root, "passwd"), $"me:x:{me.Uid}:{me.Gid}::{Home}:/bin/sh\n");
        File.WriteAllText(Path.Combine(Root, "group"), $"us:x:{me.Gid}:\n");
        var users = new UserDatabase(Root);
        var system = new SystemEnvironment(Path.Combine(Root, "run"));
        var requestUser = new RequestUser(users, State);
        var rpc = new ConnectRouter(Time, new ConnectOptions());
        var entries = new EntryReader(users);
        new FilesystemService(entries, requestUser, State, new WatcherTable(entries), Time).MapTo(rpc);
        var endpoints = new Endpoints(
            rpc,
            new InitEndpoint(State, system, new TokenAuthority(Path.Combine(Root, "host.json")), new Clock(Time, _ => false), Time),
            new FilesEndpoint(State, users, Time),
            new ComposeEndpoint(State, users),
            new MetricsEndpoint(Time, new Usage()),
            State,
            system);
        State.Current = DaemonState.Initial with { DefaultUser = "me" };
        _server = new DaemonServer(new Pipeline(endpoints, State, requestUser).HandleAsync);
    }

    public string Root { get; } = Directory.CreateTempSubdirectory("alcove-files-").FullName;

    public string Home => Path.Combine(Root, "home");

    public DaemonStateHolder State { get; } = new();

    public FakeTimeProvider Time { get; } = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));

    public HttpClient Http { get; } = new(new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero });

    public static async Task<FilesHost> StartAsync()
    {
        var host = new FilesHost();
        await host._server.StartAsync(IPAddress.Loopback, 0);
        host.Http.BaseAddress = new Uri($"http://{host._server.Endpoint}");
        return host;
    }

    public string InHome(string name, string? text = null)
    {
        var path = Path.Combine(Home, name);
        if (text is not null)
        {
            File.WriteAllText(path, text);
        }

        return path;
    }

    /// <summary>A named pipe that nobody has open.</summary>
    public void MakePipe(string name)
    {
        using var made = System.Diagnostics.Process.Start("mkfifo", InHome(name));
        made.WaitForExit();
        Assert.Equal(0, made.ExitCode);
    }

    public Task<TResponse> CallAsync<TRequest, TResponse>(string method, TRequest request, MessageParser<TRequest> requests, MessageParser<TResponse> responses)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse> =>
        new ConnectClient(Http, Http.BaseAddress!).UnaryAsync(new ConnectMethod<TRequest, TResponse>($"/filesystem.Filesystem/{method}", requests, responses), request, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _server.DisposeAsync();
        Directory.Delete(Root, recursive: true);
    }
}
