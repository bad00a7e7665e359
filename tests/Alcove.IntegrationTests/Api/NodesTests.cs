using System.Net;
using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Api;

/// <summary>What a real node says of its machine.</summary>
public sealed class NodesTests(Installation installation)
{
    [Fact]
    public async Task Node_DescribesTheMachineItIsOn()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);

        var (status, nodes, _) = await ApiCall.SendAsync(HttpMethod.Get, "/nodes", null, null, ("X-Admin-Token", ApiCall.AdminToken));

        Assert.Equal(HttpStatusCode.OK, status);
        var node = Assert.Single(nodes!.AsArray())!;
        Assert.Equal((Environment.MachineName, "ready"), ((string)node["id"]!, (string)node["status"]!));
        Assert.True((int)node["sandboxCount"]! >= 1);
        Assert.Equal(Environment.ProcessorCount, (int)node["metrics"]!["cpuCount"]!);
        Assert.InRange((int)node["metrics"]!["cpuPercent"]!, 0, 100);
        Assert.InRange((long)node["metrics"]!["memoryUsedBytes"]!, 1, (long)node["metrics"]!["memoryTotalBytes"]!);
        var disk = Assert.Single(node["metrics"]!["disks"]!.AsArray())!;
        Assert.StartsWith((string)disk["mountPoint"]!, Path.Combine(TestHome.Path, "pool"), StringComparison.Ordinal);
        Assert.Contains((string)disk["filesystemType"]!, (string[])["xfs", "btrfs"]);
        Assert.InRange((long)disk["usedBytes"]!, 1, (long)disk["totalBytes"]!);
    }
}
