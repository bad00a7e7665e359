using System.Globalization;
using Alcove.Protocol.Sandboxes;

namespace Alcove.Server.Edge;

/// <summary>Why a request does not get through, as its sender is told: one JSON object for programs, one page for people.</summary>
internal sealed record Refusal
{
    private Refusal(int status, string title, string message) => (Status, Title, Message) = (status, title, message);

    public int Status { get; }

    public string Message { get; }

    /// <summary>The page's heading.</summary>
    public string Title { get; }

    /// <summary>The page's text; where the JSON message does not say enough to somebody who reads nothing else.</summary>
    public string? Explanation { get; private init; }

    public string? SandboxId { get; private init; }

    public ulong? Port { get; private init; }

    public string? Path { get; private init; }

    public int? ConnectionLimit { get; private init; }

    /// <summary>502 and not 404: clients conclude from it that the sandbox does not run.</summary>
    public static Refusal NotFound(SandboxId id) => new(StatusCodes.Status502BadGateway, "Sandbox Not Found", "The sandbox was not found")
    {
        SandboxId = id.Value,
        Explanation = $"The sandbox {id} does not exist or does not run any more.",
    };

    public static Refusal PortClosed(TrafficTarget target) => new(StatusCodes.Status502BadGateway, "Closed Port Error", "The sandbox is running but port is not open")
    {
        SandboxId = target.Id.Value,
        Port = target.Port,
        Explanation = string.Create(CultureInfo.InvariantCulture, $"The sandbox {target.Id} is running, but there is no service running on port {target.Port}."),
    };

    public static Refusal TokenMissing(SandboxId id) => new(
        StatusCodes.Status403Forbidden,
        "Missing Traffic Access Token",
        $"Sandbox is secured with traffic access token. Token header '{TrafficToken.Header}' is missing")
    {
        SandboxId = id.Value,
    };

    public static Refusal TokenInvalid(SandboxId id) => new(
        StatusCodes.Status403Forbidden,
        "Invalid Traffic Access Token",
        $"Sandbox is secured with traffic access token. Provided token in header '{TrafficToken.Header}' is invalid")
    {
        SandboxId = id.Value,
    };

    public static Refusal CannotResume(SandboxId id) => new(
        StatusCodes.Status403Forbidden,
        "Sandbox Can't Be Resumed",
        "This sandbox can't be resumed with the credentials provided. Check your access token and try again.")
    {
        SandboxId = id.Value,
    };

    public static Refusal TeamBlocked(SandboxId id) => new(StatusCodes.Status403Forbidden, "Sandbox Can't Be Resumed", "The team of this sandbox is blocked")
    {
        SandboxId = id.Value,
    };

    public static Refusal Transitioning(SandboxId id) => new(
        StatusCodes.Status409Conflict, "Sandbox Is Transitioning", "The sandbox is still transitioning. Try again in a moment.")
    {
        SandboxId = id.Value,
    };

    public static Refusal TooManySandboxes(SandboxId id, int limit) => new(
        StatusCodes.Status429TooManyRequests, "Too Many Sandboxes", Errors.ApiException.TooManySandboxes(limit).Message)
    {
        SandboxId = id.Value,
    };

    public static Refusal TooManyConnections(SandboxId id, int limit) => new(
        StatusCodes.Status429TooManyRequests,
        "Too Many Connections",
        string.Create(CultureInfo.InvariantCulture, $"The sandbox has too many concurrent incoming connections (limit: {limit})"))
    {
        SandboxId = id.Value,
        ConnectionLimit = limit,
    };

    public static Refusal InternalEndpoint(string path) => new(
        StatusCodes.Status404NotFound,
        "Endpoint Not Available",
        "This endpoint is reserved for the E2B control plane and is not reachable through the sandbox URL")
    {
        Path = path,
    };
}
