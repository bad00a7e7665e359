using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Node;

/// <summary>The file system that all disks lie on, where somebody else has it mounted already.</summary>
public sealed class PoolTests(Installation installation)
{
    private static readonly string Image = Path.Combine(TestHome.Path, "pool.img");
    private static readonly string Pool = Path.Combine(TestHome.Path, "pool");

    /// <summary>A second loop device on one image would destroy it, and XFS refuses to mount that: EINVAL.</summary>
    [Fact]
    public async Task Prepare_PoolIsMountedInAnotherNamespace_MountsTheSameDeviceAgain()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);

        var devices = await Command.ShellAsync($"""
            unshare --mount --propagation private sh -e -c '
              umount --lazy {Pool}
              if mountpoint -q {Pool}; then exit 1; fi
              ALCOVE_HOME={TestHome.Path} {TestHome.Executable("alcove-node")} prepare
              mountpoint -q {Pool}
              losetup --noheadings --output NAME --associated {Image}'
            """);

        Assert.Single(devices.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal("fine\n", (await sandbox.RunAsync("echo fine")).Output);
    }
}
