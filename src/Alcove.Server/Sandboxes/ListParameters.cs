using System.Globalization;
using System.Text;
using Alcove.Server.Errors;

namespace Alcove.Server.Sandboxes;

/// <summary>Query parameters of lists.</summary>
internal static class ListParameters
{
    private const int MostRows = 100;
    private const string AscendingMark = "__asc";

    /// <exception cref="ApiException">Not from 1 to 100.</exception>
    public static int Limit(HttpRequest request)
    {
        var text = request.Query["limit"].ToString();
        return text.Length == 0 ? MostRows
            : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= MostRows ? limit
            : throw ApiException.Invalid($"parameter \"limit\" in query has an error: must be a number from 1 to {MostRows}");
    }

    /// <summary>Which states are wanted: joined by commas, or repeated.</summary>
    /// <exception cref="ApiException">An unknown one.</exception>
    public static (bool Running, bool Paused) States(HttpRequest request)
    {
        var states = request.Query["state"].SelectMany(value => (value ?? string.Empty).Split(',', StringSplitOptions.RemoveEmptyEntries)).ToHashSet();
        return states.Count == 0 ? (true, true)
            : states.All(state => state is "running" or "paused") ? (states.Contains("running"), states.Contains("paused"))
            : throw ApiException.Invalid("parameter \"state\" in query has an error: value is not one of the allowed values [\"running\",\"paused\"]");
    }

    /// <exception cref="ApiException">Neither asc nor desc.</exception>
    public static bool Ascending(HttpRequest request) => request.Query["order"].ToString() switch
    {
        "" or "desc" => false,
        "asc" => true,
        _ => throw ApiException.Invalid("parameter \"order\" in query has an error: value is not one of the allowed values [\"asc\",\"desc\"]"),
    };

    /// <exception cref="ApiException">No time.</exception>
    public static DateTimeOffset? StartedAfter(HttpRequest request)
    {
        var text = request.Query["startedAfter"].ToString().Replace(' ', '+');
        return text.Length == 0 ? null
            : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time.ToUniversalTime()
            : throw ApiException.Invalid("parameter \"startedAfter\" in query has an error: not a date-time");
    }

    /// <summary>Clients encode the whole value once more than the query does, and each word once more than that.</summary>
    /// <exception cref="ApiException">Not pairs.</exception>
    public static Dictionary<string, string> Metadata(HttpRequest request)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        var text = request.Query["metadata"].ToString();
        if (text.Length == 0)
        {
            return metadata;
        }

        foreach (var pair in Unescape(text).Split('&'))
        {
            if (pair.Split('=') is not [var key, var value])
            {
                throw ApiException.BadRequest($"Error parsing metadata: '{pair}' is not key=value");
            }

            metadata[Unescape(key)] = Unescape(value);
        }

        return metadata;
    }

    /// <exception cref="ApiException">Not one of ours, or one of the other order.</exception>
    public static (DateTimeOffset StartedAt, string Id)? Cursor(HttpRequest request, bool ascending)
    {
        var token = request.Query["nextToken"].ToString();
        if (token.Length == 0)
        {
            return null;
        }

        return TryReadCursor(token, ascending) ?? throw ApiException.BadRequest("Invalid next token");
    }

    public static string Token(bool ascending, DateTimeOffset startedAt, string id)
    {
        var text = $"{startedAt.UtcDateTime:O}__{id}{(ascending ? AscendingMark : string.Empty)}";
        return Convert.ToBase64String(Encoding.UTF8.GetBytes(text)).Replace('+', '-').Replace('/', '_');
    }

    private static (DateTimeOffset StartedAt, string Id)? TryReadCursor(string token, bool ascending)
    {
        try
        {
            var text = Encoding.UTF8.GetString(Convert.FromBase64String(token.Replace('-', '+').Replace('_', '/')));
            if (text.EndsWith(AscendingMark, StringComparison.Ordinal) != ascending)
            {
                return null;
            }

            return (ascending ? text[..^AscendingMark.Length] : text).Split("__") is [var start, var id] && id.Length > 0 && !id.Contains('\0', StringComparison.Ordinal) // PostgreSQL knows no text with it.
                && DateTimeOffset.TryParseExact(start, "O", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var startedAt)
                ? (startedAt, id)
                : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static string Unescape(string text)
    {
        for (var i = text.IndexOf('%'); i >= 0; i = text.IndexOf('%', i + 1))
        {
            if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2]))
            {
                throw ApiException.BadRequest("Error parsing metadata: invalid URL escape");
            }
        }

        return Uri.UnescapeDataString(text.Replace('+', ' '));
    }
}
