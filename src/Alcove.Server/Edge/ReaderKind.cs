using System.Buffers;
using Microsoft.Net.Http.Headers;

namespace Alcove.Server.Edge;

/// <summary>Tells a browser that opens a page from a program, or from a script in a page.</summary>
internal static class ReaderKind
{
    private static readonly SearchValues<string> BrowserWords = SearchValues.Create(
        ["mozilla", "chrome", "safari", "firefox", "edge", "opera", "msie"], StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether the answer is going to be looked at. What the request says of itself counts before the name of its sender.</summary>
    public static bool IsPerson(IHeaderDictionary headers)
    {
        var accept = headers.Accept.ToString();
        if (Has(accept, "application/json") && !Has(accept, "text/html"))
        {
            return false;
        }

        switch (headers["Sec-Fetch-Mode"].ToString())
        {
            case "cors" or "no-cors" or "same-origin" or "websocket":
                return false;
            case "navigate":
                break;
            default:
                if (headers.ContainsKey(HeaderNames.XRequestedWith))
                {
                    return false;
                }

                break;
        }

        return headers.UserAgent.ToString().AsSpan().ContainsAny(BrowserWords);
    }

    private static bool Has(string text, string word) => text.Contains(word, StringComparison.OrdinalIgnoreCase);
}
