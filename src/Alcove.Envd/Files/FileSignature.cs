using System.Globalization;
using System.Text;
using Alcove.Envd.Hashing;
using Alcove.Envd.Init;

namespace Alcove.Envd.Files;

/// <summary>Lets a URL stand for the access token: a hash over path, operation, user, token and, if given, expiry.</summary>
internal static class FileSignature
{
    public const string Read = "read";
    public const string Write = "write";

    private const string Version = "v1_";

    /// <exception cref="FilesException">The request has neither the token nor a signature that is good now.</exception>
    public static void Check(HttpRequest request, DaemonState state, string operation, TimeProvider time)
    {
        var expiration = Expiration(request);
        if (state.AccessToken is not { } token)
        {
            return;
        }

        var header = request.Headers["X-Access-Token"].ToString();
        if (header.Length > 0)
        {
            if (!FixedTime.Equal(header, token))
            {
                throw Refused("access token present in header but does not match");
            }

            return;
        }

        var signature = request.Query["signature"].ToString();
        if (signature.Length == 0)
        {
            throw Refused("missing signature query parameter");
        }

        if (!FixedTime.Equal(signature, Compute(request.Query["path"].ToString(), operation, request.Query["username"].ToString(), token, expiration)))
        {
            throw Refused("invalid signature");
        }

        if (expiration is { } end && end < time.GetUtcNow().ToUnixTimeSeconds())
        {
            throw Refused("signature is already expired");
        }
    }

    public static string Compute(string path, string operation, string username, string token, long? expiration)
    {
        var raw = $"{path}:{operation}:{username}:{token}";
        if (expiration is { } end)
        {
            raw += ":" + end.ToString(CultureInfo.InvariantCulture);
        }

        return Version + Convert.ToBase64String(Sha2.Hash256(Encoding.UTF8.GetBytes(raw))).TrimEnd('=');
    }

    private static long? Expiration(HttpRequest request)
    {
        var text = request.Query["signature_expiration"].ToString();
        return text.Length == 0 ? null
            : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var end) ? end
            : throw new FilesException(StatusCodes.Status400BadRequest, $"signature_expiration '{text}' is not a number of seconds");
    }

    private static FilesException Refused(string message) => new(StatusCodes.Status401Unauthorized, message);
}
