using System.Globalization;
using System.Net;
using Alcove.Control.Routing;
using Alcove.Server.Http1;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Forwarder;

namespace Alcove.Server.Edge;

/// <summary>Makes the request to the sandbox out of the client's, and lets the answer through as it is.</summary>
internal sealed class SandboxTransformer(SandboxRoute route, TrafficTarget target, RequestTarget path) : HttpTransformer
{
    private const string ForwardedPrefix = "X-Forwarded-";
    private const string ForwardedHost = "X-Forwarded-Host";

    private static readonly UriCreationOptions Verbatim = new() { DangerousDisablePathAndQueryCanonicalization = true };

    /// <summary>Whether the sandbox has answered, to the last byte. The rest of a request that fails afterwards does not matter.</summary>
    public bool IsAnswered { get; private set; }

    public override async ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        proxyRequest.RequestUri = new Uri(string.Concat(destinationPrefix, path.Raw), in Verbatim);

        var headers = httpContext.Request.Headers;
        RemoveForwarded(headers, proxyRequest);
        RemoveNamedByConnection(headers, proxyRequest);
        if (headers.TryGetValue(HeaderNames.UpgradeInsecureRequests, out var value))
        {
            // The library takes this wish of a browser for one about the connection.
            proxyRequest.Headers.TryAddWithoutValidation(HeaderNames.UpgradeInsecureRequests, (string?)value);
        }

        if (httpContext.Request.Body is ClientBody body)
        {
            proxyRequest.Options.Set(Http1Handler.AnsweredEarly, body.Stop);
        }

        AddUpgrade(httpContext, proxyRequest);
        MaskHost(httpContext.Request.Host, proxyRequest);
    }

    public override async ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        var forward = await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        if (proxyResponse is { StatusCode: not HttpStatusCode.SwitchingProtocols, Content: { } content })
        {
            proxyResponse.Content = new PromptContent(content, httpContext.Response, () => IsAnswered = true);
        }

        return forward;
    }

    /// <summary>Services see neither where a request came from nor how, so that what a client says of it cannot be taken for ours.</summary>
    private static void RemoveForwarded(IHeaderDictionary headers, HttpRequestMessage request)
    {
        foreach (var (name, _) in headers)
        {
            if (name.StartsWith(ForwardedPrefix, StringComparison.OrdinalIgnoreCase) || name.Equals("Forwarded", StringComparison.OrdinalIgnoreCase))
            {
                request.Headers.Remove(name);
            }
        }
    }

    /// <summary>Headers that the client declares to be about its connection with us.</summary>
    private static void RemoveNamedByConnection(IHeaderDictionary headers, HttpRequestMessage request)
    {
        foreach (var name in headers.GetCommaSeparatedValues(HeaderNames.Connection))
        {
            // The client may name anything here, also what is no header of a request.
            if (request.Headers.NonValidated.Contains(name))
            {
                request.Headers.Remove(name);
            }
        }
    }

    /// <summary>The library passes on upgrades to WebSocket; others are as good. HTTP/2 is none of the sandbox's business.</summary>
    private static void AddUpgrade(HttpContext context, HttpRequestMessage request)
    {
        var protocol = context.Request.Headers.Upgrade.ToString();
        if (context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
            && !protocol.Equals("websocket", StringComparison.OrdinalIgnoreCase)
            && !protocol.Equals("h2c", StringComparison.OrdinalIgnoreCase))
        {
            request.Headers.TryAddWithoutValidation(HeaderNames.Connection, HeaderNames.Upgrade);
            request.Headers.TryAddWithoutValidation(HeaderNames.Upgrade, protocol);
        }
    }

    /// <summary>Shows services the host name that the sandbox's owner wants them to see; otherwise they see the client's own.</summary>
    private void MaskHost(HostString original, HttpRequestMessage request)
    {
        if (route.MaskRequestHost is not { Length: > 0 } mask || target.IsDaemon)
        {
            return;
        }

        request.Headers.Remove(HeaderNames.Host);
        request.Headers.TryAddWithoutValidation(HeaderNames.Host, mask.Replace("${PORT}", target.Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));
        request.Headers.TryAddWithoutValidation(ForwardedHost, original.Value);
    }
}
