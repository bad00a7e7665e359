using System.Net;
using Alcove.Control.Routing;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace Alcove.Server.Edge;

/// <summary>Passes a request on to a sandbox, and its answer back.</summary>
internal sealed partial class SandboxForwarder(IHttpForwarder forwarder, Upstreams upstreams, ILogger<SandboxForwarder> logger)
{
    private static readonly ForwarderRequestConfig Streaming = new()
    {
        Version = HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        ActivityTimeout = Timeout.InfiniteTimeSpan,
        AllowResponseBuffering = false,
    };

    public async Task ForwardAsync(HttpContext context, SandboxRoute route, TrafficTarget target, RequestTarget path)
    {
        var upstream = upstreams.Of(route);
        if (!upstream.TryEnter(route.MaxConnections))
        {
            await RefuseAsync(context, Refusal.TooManyConnections(route.Id, route.MaxConnections));
            return;
        }

        try
        {
            await SendAsync(context, upstream, route, target, path);
        }
        finally
        {
            upstream.Leave();
        }
    }

    private async Task SendAsync(HttpContext context, Upstream upstream, SandboxRoute route, TrafficTarget target, RequestTarget path)
    {
        if (!target.IsConnectable)
        {
            await RefuseAsync(context, Refusal.PortClosed(target));
            return;
        }

        LiftBodyLimit(context);
        var error = await forwarder.SendAsync(
            context,
            $"http://{new IPEndPoint(route.Address, (int)target.Port)}",
            target.IsDaemon ? upstream.Daemon : upstream.Ports,
            Streaming,
            new SandboxTransformer(route, target, path),
            route.Ended);
        if (error != ForwarderError.None)
        {
            await HandleAsync(context, route, target, error);
        }
    }

    /// <summary>What every failure passes through: an answer if none has begun, a reset if the run has ended under one.</summary>
    private async Task HandleAsync(HttpContext context, SandboxRoute route, TrafficTarget target, ForwarderError error)
    {
        Failed(route.Id.Value, target.Port, error, context.Features.Get<IForwarderErrorFeature>()?.Exception?.Message);
        if (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        if (context.Response.HasStarted)
        {
            if (route.Ended.IsCancellationRequested)
            {
                context.Abort();
            }

            return;
        }

        if (error is not ForwarderError.RequestBodyClient)
        {
            await RefuseAsync(context, route.Ended.IsCancellationRequested ? Refusal.NotFound(route.Id) : Refusal.PortClosed(target));
        }
    }

    private Task RefuseAsync(HttpContext context, Refusal refusal)
    {
        Refused(refusal.SandboxId, refusal.Status, refusal.Title);
        return RefusalWriter.WriteAsync(context, refusal);
    }

    private static void LiftBodyLimit(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }
    }

    [LoggerMessage(LogLevel.Debug, "Request to port {Port} of sandbox {SandboxId} failed: {Error}, {Reason}")]
    private partial void Failed(string sandboxId, ulong port, ForwarderError error, string? reason);

    [LoggerMessage(LogLevel.Debug, "Request to sandbox {SandboxId} refused with {Status}: {Title}")]
    private partial void Refused(string? sandboxId, int status, string title);
}
