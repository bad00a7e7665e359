namespace Alcove.Envd.Hosting;

/// <summary>Browsers may call from anywhere, without credentials of theirs.</summary>
internal static class Cors
{
    private const string Exposed = "Grpc-Status, Grpc-Message, Grpc-Status-Details-Bin, Location, Cache-Control, X-Content-Type-Options";
    private static readonly HashSet<string> Methods = ["HEAD", "GET", "POST", "PUT", "PATCH", "DELETE"];

    /// <returns>True for a preflight, which is answered here.</returns>
    public static bool Answered(HttpContext http)
    {
        var (request, response) = (http.Request, http.Response);
        var asked = request.Headers.AccessControlRequestMethod.ToString();
        if (HttpMethods.IsOptions(request.Method) && asked.Length > 0)
        {
            response.StatusCode = StatusCodes.Status204NoContent;
            response.Headers.Vary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
            if (Methods.Contains(asked))
            {
                response.Headers.AccessControlAllowOrigin = "*";
                response.Headers.AccessControlAllowMethods = asked;
                response.Headers.AccessControlMaxAge = "7200";
                if (request.Headers.AccessControlRequestHeaders is { Count: > 0 } headers)
                {
                    response.Headers.AccessControlAllowHeaders = headers;
                }
            }

            return true;
        }

        if (request.Headers.Origin.Count > 0)
        {
            response.Headers.AccessControlAllowOrigin = "*";
            response.Headers.AccessControlExposeHeaders = Exposed;
            response.Headers.Append("Vary", "Origin");
        }

        return false;
    }
}
