using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Alcove.Connect.Calls;

/// <summary>The headers that steer a call.</summary>
internal static class CallHeaders
{
    public const string Timeout = "Connect-Timeout-Ms";
    public const string ProtocolVersion = "Connect-Protocol-Version";
    public const string StreamEncoding = "Connect-Content-Encoding";
    public const string UnaryEncoding = "Content-Encoding";

    private const int MaxTimeoutDigits = 10;

    /// <exception cref="ConnectException">A version is named that is not 1.</exception>
    public static void CheckVersion(IHeaderDictionary headers)
    {
        var version = headers[ProtocolVersion].ToString();
        if (version is not ("" or "1"))
        {
            throw new ConnectException(ConnectCode.InvalidArgument, $"{ProtocolVersion} is not 1 but \"{version}\"");
        }
    }

    /// <returns>Null when the call may take as long as it likes.</returns>
    /// <exception cref="ConnectException">It is not a number of at most 10 digits.</exception>
    public static TimeSpan? ReadTimeout(IHeaderDictionary headers)
    {
        var text = headers[Timeout].ToString();
        if (text.Length == 0)
        {
            return null;
        }

        return text.Length <= MaxTimeoutDigits && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            ? TimeSpan.FromMilliseconds(milliseconds)
            : throw new ConnectException(ConnectCode.InvalidArgument, $"{Timeout} is not a number of at most {MaxTimeoutDigits} digits: \"{text}\"");
    }

    /// <returns>Whether messages may be compressed with gzip.</returns>
    /// <exception cref="ConnectException">Another compression is named.</exception>
    public static bool IsCompressed(IHeaderDictionary headers, string encodingHeader) => headers[encodingHeader].ToString() switch
    {
        "" or "identity" => false,
        "gzip" => true,
        var other => throw new ConnectException(ConnectCode.Unimplemented, $"unknown compression \"{other}\": supported encodings are gzip"),
    };
}
