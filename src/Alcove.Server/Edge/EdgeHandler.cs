using Alcove.Control.Routing;

namespace Alcove.Server.Edge;

/// <summary>Takes a request of the traffic port from its host name to the sandbox, or to the answer why not.</summary>
internal sealed partial class EdgeHandler(
    TargetReader targets,
    SignedFiles signedFiles,
    RouteTable routes,
    ISandboxWaker waker,
    SandboxForwarder forwarder,
    ILogger<EdgeHandler> logger)
{
    private const string NoSandboxForSignature =
        "No running sandbox has signed this URL, and it names none. Set E2B_DOMAIN to this server's domain instead of E2B_SANDBOX_URL, and file URLs carry the sandbox's own host name.";

    /// <summary>
    /// (1) Where to? (2) Is that for the node alone? (3) Does it run? (4) May this client? (5) Forward.
    /// The order is the contract's: a client learns nothing about a sandbox before it has named it, and what is for the node is refused whether it exists or not.
    /// </summary>
    public async Task HandleAsync(HttpContext context)
    {
        if (RequestTarget.Read(context) is not { } path)
        {
            await RefuseTextAsync(context, StatusCodes.Status400BadRequest, "Invalid request target");
            return;
        }

        if (await FindTargetAsync(context, path) is not { } target)
        {
            return;
        }

        if (target.IsDaemon && DaemonPath.FindInternal(path.Path) is { } internalPath)
        {
            await RefuseAsync(context, target, Refusal.InternalEndpoint(internalPath));
            return;
        }

        var (route, refusal) = routes.Find(target.Id) is { } known ? (known, null) : await waker.WakeAsync(target, context.Request.Headers);
        refusal ??= TrafficToken.Check(route!, target, context.Request.Headers);
        if (refusal is not null)
        {
            await RefuseAsync(context, target, refusal);
            return;
        }

        await forwarder.ForwardAsync(context, route!, target, path);
    }

    /// <returns>Null after the request has been answered.</returns>
    private async ValueTask<TrafficTarget?> FindTargetAsync(HttpContext context, RequestTarget path)
    {
        var request = context.Request;
        if (targets.IsUnaddressed(request) && SignedFiles.IsSigned(request, path))
        {
            return await FindSignedAsync(context);
        }

        var addressing = targets.Read(request);
        if (addressing.Refusal is { } refusal)
        {
            await RefuseTextAsync(context, StatusCodes.Status400BadRequest, refusal);
        }

        return addressing.Target;
    }

    private async ValueTask<TrafficTarget?> FindSignedAsync(HttpContext context)
    {
        if (!signedFiles.MaySearch(context))
        {
            await RefuseTextAsync(context, StatusCodes.Status429TooManyRequests, "Too many signed URLs that name no sandbox. Try again in a moment.");
            return null;
        }

        if (signedFiles.Find(context.Request) is { } target)
        {
            return target;
        }

        await RefuseTextAsync(context, StatusCodes.Status400BadRequest, NoSandboxForSignature);
        return null;
    }

    private Task RefuseAsync(HttpContext context, TrafficTarget target, Refusal refusal)
    {
        Refused(target.Id.Value, target.Port, refusal.Status, refusal.Title);
        return RefusalWriter.WriteAsync(context, refusal);
    }

    private Task RefuseTextAsync(HttpContext context, int status, string text)
    {
        RefusedUnrouted(context.Request.Host.Value, status, text);
        return RefusalWriter.WriteTextAsync(context, status, text);
    }

    [LoggerMessage(LogLevel.Debug, "Request to port {Port} of sandbox {SandboxId} refused with {Status}: {Title}")]
    private partial void Refused(string sandboxId, ulong port, int status, string title);

    [LoggerMessage(LogLevel.Debug, "Request to host '{Host}' refused with {Status}: {Text}")]
    private partial void RefusedUnrouted(string? host, int status, string text);
}
