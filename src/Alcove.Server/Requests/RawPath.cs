using Microsoft.AspNetCore.Http.Features;

namespace Alcove.Server.Requests;

/// <summary>Segments of the path as they were sent, each decoded once: <c>%2F</c> in one is data, not a separator.</summary>
internal static class RawPath
{
    public static string Segment(HttpContext http, int index)
    {
        var target = http.Features.Get<IHttpRequestFeature>()?.RawTarget;
        var path = (target is not ['/', ..] ? http.Request.Path.Value! : target).Split('?')[0];
        var segments = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return index < segments.Length ? Uri.UnescapeDataString(segments[index]) : string.Empty;
    }
}
