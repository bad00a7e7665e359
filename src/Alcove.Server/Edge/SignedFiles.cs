using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Threading.RateLimiting;
using Alcove.Control.Routing;
using Alcove.Protocol.Envd;
using Microsoft.Net.Http.Headers;

namespace Alcove.Server.Edge;

/// <summary>Finds the sandbox of a signed file URL that names none, as SDKs make it when one address stands for all sandboxes: by whose token makes the signature.</summary>
internal sealed class SignedFiles(RouteTable routes) : IDisposable
{
    /// <summary>A search hashes once for each running sandbox, so one client may ask for 100 at once and 50 a second: more than a person's uploads, less than a core.</summary>
    private readonly PartitionedRateLimiter<HttpContext> _limiter = PartitionedRateLimiter.Create<HttpContext, IPAddress>(context =>
        RateLimitPartition.GetTokenBucketLimiter(context.Connection.RemoteIpAddress ?? IPAddress.None, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = 100,
            TokensPerPeriod = 50,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
        }));

    /// <summary>Whether a request that says nowhere which sandbox it means may be searched for.</summary>
    public static bool IsSigned(HttpRequest request, RequestTarget target) =>
        request.Query.ContainsKey("signature") && DaemonPath.IsFiles(target.Path);

    /// <summary>Whether the client may ask for another search now.</summary>
    public bool MaySearch(HttpContext context)
    {
        using var lease = _limiter.AttemptAcquire(context);
        return lease.IsAcquired;
    }

    /// <returns>Null when no running sandbox's token makes the signature.</returns>
    public TrafficTarget? Find(HttpRequest request)
    {
        if (Operation(request) is not { } operation || !TrySuffix(request.Query, out var suffix))
        {
            return null;
        }

        var prefix = $"{First(request, "path")}:{operation}:{First(request, "username")}:";
        var given = Encoding.UTF8.GetBytes(First(request, "signature"));
        TrafficTarget? found = null;
        foreach (var (id, route) in routes.Snapshot)
        {
            // All are tried, so that the time taken tells nothing about where in the table the match was.
            if (route.EnvdAccessToken is { } token && CryptographicOperations.FixedTimeEquals(given, Sign(prefix, token, suffix)))
            {
                found = new TrafficTarget(id, EnvdVersion.Port);
            }
        }

        return found;
    }

    public void Dispose() => _limiter.Dispose();

    private static byte[] Sign(string prefix, string token, string suffix)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(prefix, token, suffix)));
        return Encoding.ASCII.GetBytes($"v1_{Convert.ToBase64String(hash).TrimEnd('=')}");
    }

    /// <summary>What the signature allows. A preflight announces the method that it prepares.</summary>
    private static string? Operation(HttpRequest request)
    {
        var method = HttpMethods.IsOptions(request.Method) ? request.Headers[HeaderNames.AccessControlRequestMethod].ToString() : request.Method;
        return HttpMethods.IsGet(method) || HttpMethods.IsHead(method) ? "read"
            : HttpMethods.IsPost(method) ? "write"
            : null;
    }

    /// <summary>The expiry, which is signed with the rest. Whether it has passed is for the daemon to say.</summary>
    private static bool TrySuffix(IQueryCollection query, out string suffix)
    {
        suffix = string.Empty;
        if (query["signature_expiration"] is not [{ Length: > 0 } text, ..])
        {
            return true;
        }

        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var expiration))
        {
            return false;
        }

        suffix = string.Create(CultureInfo.InvariantCulture, $":{expiration}");
        return true;
    }

    private static string First(HttpRequest request, string name) => request.Query[name] is [{ } value, ..] ? value : string.Empty;
}
