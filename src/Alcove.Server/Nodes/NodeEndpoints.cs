using Alcove.Control.Nodes;
using Alcove.Control.Sandboxes;
using Alcove.Control.Storage;
using Alcove.Protocol.Admin;
using Alcove.Server.Auth;
using Alcove.Server.Errors;
using Alcove.Server.Requests;

namespace Alcove.Server.Nodes;

/// <summary>The routes under <c>/nodes</c>: what operators see of the machines that run sandboxes, and what they say of them.</summary>
internal static class NodeEndpoints
{
    private const string Connecting = "connecting";
    private const string Unhealthy = "unhealthy";

    public static void MapNodes(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/nodes", ListAsync).RequireAccess(Access.Admin);
        routes.MapGet("/nodes/{id}", GetAsync).RequireAccess(Access.Admin);
        routes.MapPost("/nodes/{id}", ChangeAsync).RequireAccess(Access.Admin);
    }

    private static async Task<IResult> ListAsync(HttpContext http, NodeRegistry nodes, NodeStandings standings, SandboxDirectory sandboxes)
    {
        if (!IsOurCluster(http.Request.Query["clusterID"]))
        {
            return Results.Json([], AdminJson.Default.AdminNodeArray);
        }

        var rows = await RowsAsync(http, sandboxes);
        return Results.Json(nodes.All.OrderBy(node => node.Id, StringComparer.Ordinal).Select(node => Describe(node, nodes, standings, rows[node.Id])).ToArray(), AdminJson.Default.AdminNodeArray);
    }

    private static async Task<IResult> GetAsync(HttpContext http, string id, NodeRegistry nodes, NodeStandings standings, SandboxDirectory sandboxes)
    {
        var node = Find(nodes, id, http.Request.Query["clusterID"]);
        return Results.Json(Describe(node, nodes, standings, (await RowsAsync(http, sandboxes))[id]) with { SandboxStartingCount = null }, AdminJson.Default.AdminNode);
    }

    private static async Task<IResult> ChangeAsync(HttpContext http, string id, NodeRegistry nodes, NodeStandings standings)
    {
        var request = await RequestBody.ReadAsync(http.Request, AdminJson.Default.NodeStatusChange);
        var standing = StandingOf(request.Status);
        var node = Find(nodes, id, request.ClusterID);
        await standings.SetAsync(node.Id, standing ?? throw ApiException.Conflict($"A node is {request.Status} by itself: that cannot be set"), http.RequestAborted);
        return Results.NoContent();
    }

    /// <returns>Null for those that only a node itself can come into.</returns>
    private static NodeStanding? StandingOf(string? status) => status switch
    {
        "ready" => NodeStanding.Ready,
        "draining" => NodeStanding.Draining,
        "standby" => NodeStanding.Standby,
        Connecting or Unhealthy => null,
        null => throw ApiException.Invalid("request body has an error: property \"status\" is missing"),
        _ => throw ApiException.Invalid("request body has an error: value of \"status\" is not one of the allowed values [\"ready\",\"draining\",\"connecting\",\"unhealthy\",\"standby\"]"),
    };

    private static NodeView Find(NodeRegistry nodes, string id, string? cluster) =>
        (IsOurCluster(cluster) ? nodes.Find(id) : null) ?? throw new ApiException(StatusCodes.Status404NotFound, $"Node '{id}' not found");

    private static bool IsOurCluster(string? cluster) => string.IsNullOrEmpty(cluster) || (Guid.TryParse(cluster, out var id) ? id == Guid.Empty : throw ApiException.Invalid("\"clusterID\" has an error: not a UUID"));

    private static async Task<ILookup<string, SandboxRow>> RowsAsync(HttpContext http, SandboxDirectory sandboxes) =>
        (await sandboxes.AllAsync(http.RequestAborted)).Select(row => row.Sandbox).ToLookup(row => row.NodeId);

    private static AdminNode Describe(NodeView node, NodeRegistry nodes, NodeStandings standings, IEnumerable<SandboxRow> rows)
    {
        var (standing, changedAt) = standings.Of(node.Id);
        var (status, creates) = (node.Status, nodes.CreatesOn(node.Id));
        var running = rows.Where(row => row.Status is SandboxStatus.Running or SandboxStatus.Pausing or SandboxStatus.Snapshotting).ToArray();
        return new AdminNode(
            node.Id,
            status.InstanceId,
            Guid.Empty,
            status.Version,
            status.Commit,
            node.IsReady ? standing.ToString().ToLowerInvariant() : Unhealthy,
            node.IsReady && changedAt > node.Since ? changedAt : node.Since,
            running.Length,
            rows.Count(row => row.Status is SandboxStatus.Starting or SandboxStatus.Resuming),
            creates.Succeeded,
            creates.Failed,
            new NodeMachine(status.CpuFamily, status.CpuModel, status.CpuModelName, status.Architecture),
            new NodeMetrics(
                running.Sum(row => row.CpuCount),
                status.CpuPercent,
                status.CpuCount,
                running.Sum(row => (long)row.MemoryMiB << 20),
                (long)(status.MemoryTotalBytes - status.MemoryAvailableBytes),
                (long)status.MemoryTotalBytes,
                HugePagesTotal: 0,
                HugePagesUsed: 0,
                HugePagesReserved: 0,
                HugePageSizeBytes: 0,
                [new NodeDisk(status.DiskMountPoint, status.DiskDevice, status.DiskFileSystem, (long)(status.DiskTotalBytes - status.DiskAvailableBytes), (long)status.DiskTotalBytes)]));
    }
}
