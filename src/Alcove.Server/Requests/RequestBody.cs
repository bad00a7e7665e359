using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Alcove.Server.Errors;

namespace Alcove.Server.Requests;

/// <summary>Reads JSON bodies: strict about types, indifferent to what it does not know.</summary>
internal static class RequestBody
{
    /// <value>Largest body, in bytes.</value>
    public const int Limit = 16 << 20;

    /// <exception cref="ApiException">The body is missing, too large, no JSON, or of other types.</exception>
    public static async Task<T> ReadAsync<T>(HttpRequest request, JsonTypeInfo<T> type)
        where T : class => await ReadOptionalAsync(request, type) ?? throw ApiException.Invalid("request body has an error: value is required but missing");

    /// <returns>Null when there is no body.</returns>
    /// <exception cref="ApiException">The body is too large, no JSON, or of other types.</exception>
    public static async Task<T?> ReadOptionalAsync<T>(HttpRequest request, JsonTypeInfo<T> type)
        where T : class
    {
        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        for (int read; (read = await request.Body.ReadAsync(buffer, request.HttpContext.RequestAborted)) > 0;)
        {
            body.Write(buffer, 0, read);
            if (body.Length > Limit)
            {
                throw new ApiException(StatusCodes.Status413PayloadTooLarge, $"request body is larger than {Limit} bytes");
            }
        }

        if (body.Length == 0)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(body.GetBuffer().AsSpan(0, (int)body.Length), type) ?? throw ApiException.Invalid("request body has an error: value must be an object");
        }
        catch (JsonException e)
        {
            throw ApiException.Invalid($"request body has an error: {(e.Path is { Length: > 1 } path ? $"at {path}: " : string.Empty)}{Shortened(e.Message)}");
        }
    }

    /// <summary>Without the position, which the path says better.</summary>
    private static string Shortened(string message) => message.Split(" Path: ")[0];
}
