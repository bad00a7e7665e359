using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Alcove.Connect.Codecs;
using Alcove.Connect.Framing;

namespace Alcove.Connect.Client;

/// <summary>Reads how a call failed.</summary>
internal static class ClientErrors
{
    /// <summary>More than this is not an error of Connect's, but somebody's page.</summary>
    private const int MaxBytes = 1024 * 1024;

    /// <exception cref="ConnectException">The status is not 200, or the body is not the type that was asked for.</exception>
    public static async Task ThrowIfFailedAsync(HttpResponseMessage response, string contentType, CancellationToken cancellationToken)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw await OfUnaryAsync(response, cancellationToken);
        }

        if (response.Content.Headers.ContentType?.MediaType is var actual && actual != contentType)
        {
            throw new ConnectException(ConnectCode.Unknown, $"the answer's content type is {actual ?? "missing"} instead of {contentType}");
        }
    }

    /// <returns>The error of an end message, null for success.</returns>
    /// <exception cref="MalformedException">It is not an end message.</exception>
    public static ConnectException? OfEnd(ReadOnlySequence<byte> payload)
    {
        try
        {
            using var end = JsonDocument.Parse(payload);
            return end.RootElement.TryGetProperty("error", out var error)
                ? Of(error) ?? new ConnectException(ConnectCode.Unknown, "the end message names no code")
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new MalformedException("the end message is not valid JSON", e);
        }
    }

    /// <summary>The error in the body, or else what the status says.</summary>
    private static async Task<ConnectException> OfUnaryAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var status = (int)response.StatusCode;
        var byStatus = new ConnectException(ConnectCodes.FromHttpStatus(status), $"HTTP status {status}");
        if (response.Content.Headers.ContentType?.MediaType != "application/json")
        {
            return byStatus;
        }

        var body = PipeReader.Create(await response.Content.ReadAsStreamAsync(cancellationToken));
        try
        {
            using var error = JsonDocument.Parse(await BodyReader.ReadAllAsync(body, MaxBytes, cancellationToken));
            return Of(error.RootElement) ?? byStatus;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return byStatus;
        }
        finally
        {
            await body.CompleteAsync();
        }
    }

    /// <returns>Null when there is no code in it that we know.</returns>
    private static ConnectException? Of(JsonElement error) =>
        error.TryGetProperty("code", out var code) && code.ValueKind == JsonValueKind.String && ConnectCodes.TryParse(code.GetString()!, out var known)
            ? new ConnectException(known, error.TryGetProperty("message", out var message) ? message.GetString() ?? "" : "")
            : null;
}
