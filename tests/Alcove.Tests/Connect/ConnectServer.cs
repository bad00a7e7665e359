using System.Collections.Concurrent;
using System.Net;
using Alcove.Connect;
using Alcove.Protocol.Filesystem;
using Alcove.Protocol.Processes;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Alcove.Tests.Connect;

/// <summary>A bare Kestrel on a free port of loopback with three RPCs whose handlers a test may replace, as a daemon without host or DI would run it.</summary>
internal sealed class ConnectServer : IHttpApplication<HttpContext>, IAsyncDisposable
{
    public static readonly ConnectMethod<StatRequest, StatResponse> Stat =
        new("/filesystem.Filesystem/Stat", StatRequest.Parser, StatResponse.Parser);

    public static readonly ConnectMethod<StartRequest, StartResponse> Start =
        new("/process.Process/Start", StartRequest.Parser, StartResponse.Parser);

    public static readonly ConnectMethod<StreamInputRequest, StreamInputResponse> StreamInput =
        new("/process.Process/StreamInput", StreamInputRequest.Parser, StreamInputResponse.Parser);

    private readonly KestrelServer _kestrel;
    private readonly ConnectRouter _router;

    private ConnectServer(int maxRequestBytes, HttpProtocols protocols, string? socket)
    {
        var options = new KestrelServerOptions();
        if (socket is not null)
        {
            options.ListenUnixSocket(socket);
        }
        else
        {
            options.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = protocols);
        }

        _kestrel = new KestrelServer(
            Options.Create(options), new SocketTransportFactory(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance), NullLoggerFactory.Instance);
        _router = new ConnectRouter(Time, new ConnectOptions { MaxRequestBytes = maxRequestBytes, OnUnexpected = (_, e) => Unexpected.Enqueue(e) })
            .Unary(Stat, (request, context) => OnStat(request, context))
            .ServerStreaming(Start, (request, answers, context) => OnStart(request, answers, context))
            .ClientStreaming(StreamInput, (requests, context) => OnStreamInput(requests, context));
    }

    public FakeTimeProvider Time { get; } = new();

    public ConcurrentQueue<Exception> Unexpected { get; } = [];

    /// <summary>Runs before the router, and instead of it where it answers true.</summary>
    public Func<HttpContext, Task<bool>> Before { get; set; } = _ => Task.FromResult(false);

    public Func<StatRequest, ConnectContext, ValueTask<StatResponse>> OnStat { get; set; } =
        (request, _) => ValueTask.FromResult(new StatResponse { Entry = new EntryInfo { Path = request.Path } });

    public Func<StartRequest, ConnectResponseStream<StartResponse>, ConnectContext, Task> OnStart { get; set; } = (_, _, _) => Task.CompletedTask;

    public Func<IAsyncEnumerable<StreamInputRequest>, ConnectContext, ValueTask<StreamInputResponse>> OnStreamInput { get; set; } =
        async (requests, context) =>
        {
            await requests.LastOrDefaultAsync(context.CancellationToken);
            return new StreamInputResponse();
        };

    public Uri Address { get; private set; } = null!;

    public HttpClient Http { get; } = new(new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero });

    public static async Task<ConnectServer> StartAsync(
        int maxRequestBytes = 1024 * 1024, HttpProtocols protocols = HttpProtocols.Http1, string? socket = null)
    {
        var server = new ConnectServer(maxRequestBytes, protocols, socket);
        await server._kestrel.StartAsync(server, TestContext.Current.CancellationToken);
        if (socket is null)
        {
            server.Address = new Uri(server._kestrel.Features.Get<IServerAddressesFeature>()!.Addresses.Single());
            server.Http.BaseAddress = server.Address;
        }

        return server;
    }

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public async Task ProcessRequestAsync(HttpContext context)
    {
        if (!await Before(context) && !await _router.TryHandleAsync(context))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
        }
    }

    public void DisposeContext(HttpContext context, Exception? exception)
    {
        if (exception is not null)
        {
            Unexpected.Enqueue(exception);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _kestrel.StopAsync(now.Token);
        _kestrel.Dispose();
    }
}
