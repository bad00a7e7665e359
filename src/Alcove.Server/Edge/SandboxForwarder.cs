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

        PrepareBody(context);
        var transformer = new SandboxTransformer(route, target, path);
        var destination = $"http://{new IPEndPoint(route.Address, (int)target.Port)}";
        var error = await forwarder.SendAsync(context, destination, upstream.Client, Streaming, transformer, route.Ended);
        if (error != ForwarderError.None)
        {
            Failed(route.Id.Value, target.Port, error, context.Features.Get<IForwarderErrorFeature>()?.Exception?.Message);
            await AnswerFailureAsync(context, route, target, error, transformer.IsAnswered);
        }
    }

    /// <summary>What every failure passes through: an answer if none has begun, a reset if the run has ended under one.</summary>
    private async Task AnswerFailureAsync(HttpContext context, SandboxRoute route, TrafficTarget target, ForwarderError error, bool isAnswered)
    {
        if (context.Response.HasStarted)
        {
            if (route.Ended.IsCancellationRequested)
            {
                context.Abort();
            }
        }
        else if (!isAnswered && error != ForwarderError.RequestBodyClient && !context.RequestAborted.IsCancellationRequested)
        {
            await RefuseAsync(context, route.Ended.IsCancellationRequested ? Refusal.NotFound(route.Id) : Refusal.PortClosed(target));
        }
    }

    private Task RefuseAsync(HttpContext context, Refusal refusal)
    {
        Refused(refusal.SandboxId, refusal.Status, refusal.Title);
        return RefusalWriter.WriteAsync(context, refusal);
    }

    /// <summary>Uploads have no limit but the sandbox's own.</summary>
    private static void PrepareBody(HttpContext context)
    {
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
        {
            return;
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }

        context.Request.Body = new ClientBody(context.Request.BodyReader);
    }

    [LoggerMessage(LogLevel.Debug, "Request to port {Port} of sandbox {SandboxId} failed: {Error}, {Reason}")]
    private partial void Failed(string sandboxId, ulong port, ForwarderError error, string? reason);

    [LoggerMessage(LogLevel.Debug, "Request to sandbox {SandboxId} refused with {Status}: {Title}")]
    private partial void Refused(string? sandboxId, int status, string title);
}
