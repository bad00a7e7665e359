using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Alcove.Server.Errors;

namespace Alcove.Server.Requests;

/// <summary>Reads JSON bodies: strict about types, indifferent to what it does not know.</summary>
internal static class RequestBody
{
    /// <value>Largest body, in bytes.</value>
    public const int Limit = 16 << 20;

    /// <summary>How long a body may take to come.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <exception cref="ApiException">The body is missing, too large, too slow, no JSON, or of other types.</exception>
    public static async Task<T> ReadAsync<T>(HttpRequest request, JsonTypeInfo<T> type)
        where T : class => await ReadOptionalAsync(request, type) ?? throw ApiException.Invalid("request body has an error: value is required but missing");

    /// <returns>Null when there is no body.</returns>
    /// <exception cref="ApiException">The body is too large, too slow, no JSON, or of other types.</exception>
    public static async Task<T?> ReadOptionalAsync<T>(HttpRequest request, JsonTypeInfo<T> type)
        where T : class
    {
        using var body = await ReceiveAsync(request);
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

    private static async Task<MemoryStream> ReceiveAsync(HttpRequest request)
    {
        var reader = request.BodyReader;
        using var late = new CancellationTokenSource(Patience, request.HttpContext.RequestServices.GetRequiredService<TimeProvider>());

        // A read that a token cancels would leave the server unable to skip the rest.
        using var stop = late.Token.UnsafeRegister(static reader => ((PipeReader)reader!).CancelPendingRead(), reader);
        var body = new MemoryStream();
        while (true)
        {
            var result = await reader.ReadAsync(request.HttpContext.RequestAborted);
            foreach (var piece in result.Buffer)
            {
                body.Write(piece.Span);
            }

            reader.AdvanceTo(result.Buffer.End);
            if (body.Length > Limit)
            {
                throw new ApiException(StatusCodes.Status413PayloadTooLarge, $"request body is larger than {Limit} bytes");
            }

            if (result.IsCompleted)
            {
                return body;
            }

            if (result.IsCanceled)
            {
                throw new ApiException(StatusCodes.Status408RequestTimeout, $"The request's body did not come within {Patience.TotalSeconds:0} seconds");
            }
        }
    }

    /// <summary>Without the position, which the path says better.</summary>
    private static string Shortened(string message) => message.Split(" Path: ")[0];
}
