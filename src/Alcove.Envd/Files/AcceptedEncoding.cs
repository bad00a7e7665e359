using System.Globalization;

namespace Alcove.Envd.Files;

/// <summary>Which of gzip and identity a download goes out in.</summary>
internal static class AcceptedEncoding
{
    public const string Gzip = "gzip";
    public const string Identity = "identity";

    private static readonly string[] Conditional = ["Range", "If-Modified-Since", "If-None-Match", "If-Range"];

    /// <exception cref="FilesException">Nothing that the client accepts can be sent: 406.</exception>
    public static string Choose(HttpRequest request)
    {
        var accepted = Parse(request.Headers.AcceptEncoding.ToString());
        var identityRefused = Refuses(accepted, Identity);
        if (Conditional.Any(name => request.Headers.ContainsKey(name)))
        {
            return identityRefused
                ? throw NotAcceptable("identity encoding not acceptable for Range or conditional request")
                : Identity;
        }

        foreach (var (coding, _) in accepted.Where(entry => entry.Quality > 0).OrderByDescending(entry => entry.Quality))
        {
            switch (coding)
            {
                case Gzip:
                    return Gzip;
                case Identity:
                    return Identity;
                case "*" when !identityRefused:
                    return Identity;
                case "*" when !Refuses(accepted, Gzip):
                    return Gzip;
            }
        }

        return identityRefused
            ? throw NotAcceptable("error parsing Accept-Encoding: no acceptable encoding found, supported: [gzip]")
            : Identity;
    }

    private static bool Refuses(List<(string Coding, double Quality)> accepted, string coding)
    {
        var own = accepted.FindIndex(entry => entry.Coding == coding);
        var any = accepted.FindIndex(entry => entry.Coding == "*");
        return own >= 0 ? accepted[own].Quality <= 0 : any >= 0 && accepted[any].Quality <= 0;
    }

    private static List<(string Coding, double Quality)> Parse(string header) =>
    [
        .. header.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(entry =>
        {
            var parts = entry.Split(';', StringSplitOptions.TrimEntries);
            var quality = parts.Skip(1).FirstOrDefault(part => part.StartsWith("q=", StringComparison.OrdinalIgnoreCase));
            return (parts[0].ToLowerInvariant(), quality is not null && double.TryParse(quality[2..], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var q) ? q : 1);
        }),
    ];

    private static FilesException NotAcceptable(string message) => new(StatusCodes.Status406NotAcceptable, message);
}
