using Microsoft.Net.Http.Headers;

namespace Alcove.Envd.Files;

/// <summary>The conditions under which a client wants a file (RFC 9110, 13). Files have a date here and no entity tag, so no tag ever matches.</summary>
internal static class Preconditions
{
    private const string Any = "*";

    /// <returns>412 or 304; null when the file is to be sent.</returns>
    public static int? Failure(HttpRequest request, DateTimeOffset modified)
    {
        var headers = request.Headers;
        if (headers.IfMatch.Count > 0 ? !IsAny(headers.IfMatch) : Date(headers.IfUnmodifiedSince) is { } unmodifiedSince && modified > unmodifiedSince)
        {
            return StatusCodes.Status412PreconditionFailed;
        }

        return (headers.IfNoneMatch.Count > 0 ? IsAny(headers.IfNoneMatch) : Date(headers.IfModifiedSince) is { } modifiedSince && modified <= modifiedSince)
            ? StatusCodes.Status304NotModified
            : null;
    }

    private static bool IsAny(Microsoft.Extensions.Primitives.StringValues tags) => tags.ToString().Trim() == Any;

    private static DateTimeOffset? Date(Microsoft.Extensions.Primitives.StringValues header) =>
        HeaderUtilities.TryParseDate(header.ToString(), out var date) ? date : null;
}
