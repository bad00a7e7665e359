using Microsoft.AspNetCore.Http.Features;

namespace Alcove.Server.Edge;

/// <summary>The path and query of a request as they stand on the wire: nothing decoded, nothing normalised, so that nothing has to be encoded again.</summary>
internal readonly struct RequestTarget
{
    private RequestTarget(string raw) => Raw = raw;

    /// <summary>Starts with <c>/</c>; the query, if any, included.</summary>
    public string Raw { get; }

    public ReadOnlySpan<char> Path => Raw.AsSpan() is var raw && raw.IndexOf('?') is >= 0 and var query ? raw[..query] : raw;

    /// <returns>Null for a target that is no path (<c>CONNECT host:port</c>, <c>OPTIONS *</c>).</returns>
    public static RequestTarget? Read(HttpContext context)
    {
        var raw = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        return raw.StartsWith('/') ? new RequestTarget(raw) : ReadAbsolute(raw);
    }

    /// <summary><c>http://host/path?query</c>, as clients write it to a proxy.</summary>
    private static RequestTarget? ReadAbsolute(string raw)
    {
        var authority = raw.IndexOf("://", StringComparison.Ordinal);
        if (authority < 0)
        {
            return null;
        }

        var end = raw.AsSpan(authority + 3).IndexOfAny('/', '?');
        return new RequestTarget(end < 0 ? "/" : raw[authority + 3 + end] == '/' ? raw[(authority + 3 + end)..] : string.Concat("/", raw.AsSpan(authority + 3 + end)));
    }
}
