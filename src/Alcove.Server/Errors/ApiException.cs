using Alcove.Protocol;

namespace Alcove.Server.Errors;

/// <summary>A request that ends with this status and message.</summary>
internal sealed class ApiException(int status, string message, string? errorCode = null, Exception? innerException = null) : Exception(message, innerException)
{
    public ApiError Error { get; } = new(status, message, errorCode);

    public static ApiException SandboxNotFound(string id) => new(StatusCodes.Status404NotFound, $"Sandbox \"{id}\" doesn't exist or you don't have access to it");

    public static ApiException Invalid(string detail) => new(StatusCodes.Status400BadRequest, $"validation error: {detail}");

    public static ApiException BadRequest(string message, string? errorCode = null) => new(StatusCodes.Status400BadRequest, message, errorCode);

    public static ApiException Conflict(string message) => new(StatusCodes.Status409Conflict, message);

    public static ApiException TooManySandboxes(int limit) => new(
        StatusCodes.Status429TooManyRequests, $"you have reached the maximum number of concurrent E2B sandboxes ({limit}). If you need more, please visit 'https://e2b.dev/docs/billing'");

    /// <summary>What a later version brings is refused by name, never ignored.</summary>
    public static ApiException NotSupported(string field) => BadRequest($"{field} is not supported by this version of Alcove");
}
