using System.Globalization;
using System.Threading.RateLimiting;
using Alcove.Server.Errors;

namespace Alcove.Server.Limiting;

/// <summary>How often a team may ask the same route: a bucket of tokens for each pair of them. Off unless a rate is set.</summary>
internal sealed class RouteLimiter(ServerOptions options) : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly PartitionedRateLimiter<(Guid Team, string Route)>? _buckets = options.RateLimit is not { } rate
        ? null
        : PartitionedRateLimiter.Create<(Guid Team, string Route), (Guid Team, string Route)>(key => RateLimitPartition.GetTokenBucketLimiter(key, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = options.RateBurst,
            TokensPerPeriod = rate,
            ReplenishmentPeriod = Period,
            QueueLimit = 0,
        }));

    /// <summary>Takes a token, and says in headers how many are left.</summary>
    /// <exception cref="ApiException">There is none left.</exception>
    public void Admit(HttpContext http, Guid team)
    {
        if (_buckets is null || http.GetEndpoint() is not RouteEndpoint endpoint)
        {
            return;
        }

        var key = (team, $"{http.Request.Method} {endpoint.RoutePattern.RawText}");
        using var lease = _buckets.AttemptAcquire(key);
        var left = _buckets.GetStatistics(key)?.CurrentAvailablePermits ?? 0;
        var headers = http.Response.Headers;
        headers["RateLimit-Limit"] = Text(options.RateBurst);
        headers["RateLimit-Remaining"] = Text(left);
        headers["RateLimit-Reset"] = Text(SecondsUntilFull(left));
        if (lease.IsAcquired)
        {
            return;
        }

        headers.RetryAfter = Text(lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? WholeSeconds(wait) : 1);
        throw new ApiException(StatusCodes.Status429TooManyRequests, "Rate limit exceeded");
    }

    public ValueTask DisposeAsync() => _buckets?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>Clients read whole seconds only, and take 0 for no answer.</summary>
    internal static int WholeSeconds(TimeSpan wait) => Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds));

    private int SecondsUntilFull(long left) => (int)((options.RateBurst - left + options.RateLimit!.Value - 1) / options.RateLimit.Value);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
