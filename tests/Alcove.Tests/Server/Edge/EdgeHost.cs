using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Alcove.Control.Routing;
using Alcove.Protocol.Sandboxes;
using Alcove.Server.Edge;
using Alcove.Server.Listening;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Alcove.Tests.Server.Edge;

/// <summary>The edge on a real Kestrel and free loopback ports, with routes to whatever a test puts behind it.</summary>
internal sealed class EdgeHost : IAsyncDisposable
{
    private static int _lastSlot;

    private readonly WebApplication _app;
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("alcove-edge-");
    private readonly Lazy<HttpClient> _client;

    private EdgeHost(EdgeOptions options, Func<SandboxId, SandboxRoute?>? wake)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<ILoggerProvider>(Errors);
        builder.AddListening(new ListeningOptions { ApiPort = 0, TrafficPort = 0, TlsDirectory = Path.Combine(_home.FullName, "tls") });
        builder.Services.AddSingleton<ISandboxWaker>(new Waker(wake ?? (_ => null)));
        builder.AddEdge(options);
        _app = builder.Build();
        _app.UseEdge();
        _client = new Lazy<HttpClient>(CreateClient);
    }

    /// <summary>What was logged as an error: nothing a client or a sandbox does may be one.</summary>
    public ErrorLog Errors { get; } = new();

    public RouteTable Routes => _app.Services.GetRequiredService<RouteTable>();

    public IPEndPoint EndPoint => _app.Services.GetRequiredService<SharedPortFactory>().EndPointsOf(ServerPort.Traffic)[0];

    public static async Task<EdgeHost> StartAsync(EdgeOptions? options = null, Func<SandboxId, SandboxRoute?>? wake = null)
    {
        var host = new EdgeHost(options ?? new EdgeOptions(), wake);
        await host._app.StartAsync(TestContext.Current.CancellationToken);
        return host;
    }

    /// <summary>An address on this machine that nobody else uses: no other test, no other run of the tests.</summary>
    public static IPAddress NewSlot()
    {
        var number = Interlocked.Increment(ref _lastSlot);
        return new IPAddress([127, (byte)(64 + (Environment.ProcessId % 128)), (byte)(Environment.ProcessId / 128 % 256), (byte)number]);
    }

    /// <summary>Publishes a route to <paramref name="address"/> under a new id.</summary>
    public SandboxRoute AddRoute(
        IPAddress? address = null,
        string? envdToken = null,
        string? trafficToken = null,
        string? mask = null,
        int maxConnections = -1,
        SandboxId? id = null,
        ulong incarnation = 1)
    {
        var route = new SandboxRoute(id ?? SandboxId.New(), incarnation, "node", address ?? NewSlot(), envdToken, trafficToken, mask, maxConnections);
        Routes.Publish(route);
        return route;
    }

    public async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(EndPoint, TestContext.Current.CancellationToken);
        return socket;
    }

    /// <summary>Sends a request, by default GET and HTTP/1.1, and returns when the answer's headers are there.</summary>
    /// <param name="host">The host header, with or without a port.</param>
    /// <param name="path">Sent as it is.</param>
    /// <param name="change">Adds headers, a body, another version.</param>
    /// <param name="client">Cancelled when the client gives up.</param>
    /// <param name="scheme">With <c>https</c> the edge's certificate is verified against its authority's.</param>
    public async Task<HttpResponseMessage> SendAsync(string host, string path = "/", Action<HttpRequestMessage>? change = null, CancellationTokenSource? client = null, string scheme = "http")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{scheme}://edge.test{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }))
        {
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Host = host;
        change?.Invoke(request);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken, client?.Token ?? default);
        return await _client.Value.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, both.Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (_client.IsValueCreated)
        {
            _client.Value.Dispose();
        }

        await _app.DisposeAsync();
        _home.Delete(recursive: true);
        Assert.True(Errors.Entries.IsEmpty, string.Join("\n", Errors.Entries));
    }

    private HttpClient CreateClient() => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ActivityHeadersPropagator = null,
        ConnectCallback = async (_, _) => new NetworkStream(await ConnectAsync(), ownsSocket: true),
        SslOptions = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(Path.Combine(_home.FullName, "tls", "ca.crt")) },
                RevocationMode = X509RevocationMode.NoCheck,
            },
        },
    });

    internal sealed class ErrorLog : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Entries { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                Entries.Enqueue($"{formatter(state, exception)} {exception}");
            }
        }

        public void Dispose()
        {
        }
    }

    /// <summary>Wakes whatever the test says.</summary>
    private sealed class Waker(Func<SandboxId, SandboxRoute?> wake) : ISandboxWaker
    {
        public Task<(SandboxRoute? Route, Refusal? Refusal)> WakeAsync(TrafficTarget target, Microsoft.AspNetCore.Http.IHeaderDictionary headers) =>
            Task.FromResult(wake(target.Id) is { } route ? (route, (Refusal?)null) : (null, Refusal.NotFound(target.Id)));
    }
}
