using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Node;

/// <summary>What a node mounts on a machine whose mounts are shared, as systemd has them.</summary>
public sealed class MountTests
{
    [Fact]
    public async Task PrepareAndCleanup_OnSharedMounts_MountEverythingOnce_AndLeaveNothing()
    {
        var home = Directory.CreateTempSubdirectory("alcove-mounts-").FullName;
        try
        {
            var seen = await Command.ShellAsync($"""
                unshare --mount --propagation shared sh -e -c '
                  export ALCOVE_HOME={home}
                  {TestHome.Executable("alcove-node")} prepare
                  grep -c " {home}/run/state " /proc/self/mountinfo
                  {TestHome.Executable("alcove-node")} cleanup >/dev/null
                  ! grep " {home}" /proc/self/mountinfo'
                """);

            Assert.Equal("1\n", seen);
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }
}
