using System.Net;
using Alcove.Protocol;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Alcove.Envd.Hosting;

/// <summary>Kestrel alone, without a host, configuration or dependency injection: half the start-up time and memory.</summary>
internal sealed class DaemonServer(RequestDelegate handler) : IHttpApplication<HttpContext>, IAsyncDisposable
{
    private static readonly TimeSpan IdleKeepAlive = TimeSpan.FromSeconds(640);

    private KestrelServer? _server;

    /// <summary>The address that it listens on, once started.</summary>
    public IPEndPoint? Endpoint { get; private set; }

    public async Task StartAsync(IPAddress address, int port)
    {
        var options = new KestrelServerOptions { AddServerHeader = false, AllowSynchronousIO = false, ApplicationServices = new NoServices() };
        options.Limits.MaxRequestBodySize = null;
        options.Limits.MinRequestBodyDataRate = null;
        options.Limits.MinResponseDataRate = null;
        options.Limits.KeepAliveTimeout = IdleKeepAlive;
        options.Limits.MaxRequestLineSize = RequestLimits.Line;
        options.Limits.MaxRequestHeadersTotalSize = RequestLimits.Headers;
        options.Limits.MaxRequestHeaderCount = RequestLimits.HeaderCount;
        ListenOptions? listening = null;
        options.Listen(address, port, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listening = listen;
        });
        _server = new KestrelServer(
            Options.Create(options), new SocketTransportFactory(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance), NullLoggerFactory.Instance);
        await _server.StartAsync(this, CancellationToken.None);
        Endpoint = listening?.IPEndPoint;
    }

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public async Task ProcessRequestAsync(HttpContext context)
    {
        try
        {
            await handler(context);
        }
        catch (Exception e) when (context.RequestAborted.IsCancellationRequested || e is OperationCanceledException or Microsoft.AspNetCore.Http.BadHttpRequestException)
        {
            // The client is gone: there is nobody to answer.
        }
        catch (Exception e)
        {
            DaemonLog.Write($"{context.Request.Method} {context.Request.Path}: {e}");
            if (!context.Response.HasStarted)
            {
                await JsonError.WriteAsync(context, StatusCodes.Status500InternalServerError, "an unexpected error occurred");
            }
            else
            {
                context.Abort();
            }
        }
    }

    public void DisposeContext(HttpContext context, Exception? exception)
    {
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            // The sandbox ends: a stream without an end would be waited for without an end.
            await _server.StopAsync(new CancellationToken(canceled: true));
            _server.Dispose();
        }
    }

    private sealed class NoServices : IServiceProvider
    {
        public object? GetService(Type serviceType) => null;
    }
}
