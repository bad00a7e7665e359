using System.Net;
using Alcove.Control.Routing;
using Alcove.Protocol.Envd;
using Alcove.Server.Http1;

namespace Alcove.Server.Edge;

/// <summary>The connections into one run of a sandbox. They are this run's alone, and are reset when it ends.</summary>
internal sealed class Upstream
{
    private int _requests;

    public Upstream(SandboxRoute route, Dialer dialer, TimeProvider time)
    {
        // The daemon keeps connections for 640 s and serves any number at once. A user's service may serve
        // one connection at a time, which an idle one would keep from everybody else.
        var handler = new Http1Handler(
            (port, cancellationToken) => dialer.ConnectAsync(new IPEndPoint(route.Address, port), cancellationToken),
            persistentPort: EnvdVersion.Port,
            time);
        Client = new HttpMessageInvoker(handler);
        route.Ended.UnsafeRegister(static handler => ((Http1Handler)handler!).ResetAll(), handler);
    }

    public HttpMessageInvoker Client { get; }

    /// <summary>Counts a request in, unless <paramref name="limit"/> of them are under way; −1 is no limit.</summary>
    public bool TryEnter(int limit)
    {
        if (Interlocked.Increment(ref _requests) <= limit || limit < 0)
        {
            return true;
        }

        Leave();
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _requests);
}
