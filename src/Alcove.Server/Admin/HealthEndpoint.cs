using Alcove.Control.Nodes;
using Alcove.Server.Auth;

namespace Alcove.Server.Admin;

/// <summary><c>GET /health</c>: whether sandboxes can be made here.</summary>
internal static class HealthEndpoint
{
    public static void MapHealth(this IEndpointRouteBuilder routes) => routes.MapGet("/health", (NodeRegistry nodes) =>
        nodes.All.Any(node => node.IsReady)
            ? Results.Text("Health check successful", "text/plain")
            : Results.Text("Service is unavailable", "text/plain", statusCode: StatusCodes.Status503ServiceUnavailable))
        .RequireAccess(Access.Open);
}
