using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Durability;

/// <summary>The machine goes down and comes up again: nothing runs any more, and nothing that was made for it is there.</summary>
public sealed class RebootTests(Installation installation)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Reboot_WhatSleptResumes_SnapshotsAreUsable_WhatRanBootsFromItsDisk()
    {
        var walk = new FaultWalk(installation);
        var slept = await Witness.StartAsync(await installation.CreateAsync());
        var ran = await Witness.StartAsync(await installation.CreateAsync());
        try
        {
            await slept.IsWellAsync();
            await slept.Sandbox.PauseAsync();
            await ran.IsWellAsync();
            var snapshot = await ran.Sandbox.SnapshotAsync();

            await GoDownAsync();
            await walk.RestartAsync();

            await Eventually.HoldsAsync(() => ran.Sandbox.StateAsync(), state => state == "paused", Patience);
            Assert.Equal("paused", await slept.Sandbox.StateAsync());
            await slept.Sandbox.ResumeAsync();
            await slept.IsWellAsync();
            await ran.Sandbox.ResumeAsync();
            Assert.True(await ran.IsGoneAsync());
            await using (var copy = await TestSandbox.CreateAsync(installation.Api, new { templateID = snapshot }))
            {
                await ran.In(copy).IsWellAsync();
            }

            await ran.StartAnewAsync();
            await ran.IsWellAsync();
            await ran.Sandbox.PauseAsync();
            await ran.Sandbox.ResumeAsync();
            await ran.IsWellAsync();
        }
        finally
        {
            await walk.RemoveAllAsync();
        }
    }

    /// <summary>Everything of the installation that does not lie on a disk: processes, mounts, loop devices, namespaces, links, tables.</summary>
    private async Task GoDownAsync()
    {
        await installation.Node.KillAsync();
        await installation.Server.KillAsync();
        await Command.ShellAsync($$"""
            id=$(cat {{TestHome.Path}}/secrets/installation-id)
            processes() { find /sys/fs/cgroup -path "*/alcove*/$id/*" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -u; }
            for round in $(seq 500); do
              [ -n "$(processes)" ] || break
              kill -9 $(processes) 2>/dev/null || true
              for freezer in $(find /sys/fs/cgroup -path "*/alcove*/$id/*" -name freezer.state); do echo THAWED 2>/dev/null >$freezer || true; done
              sleep 0.02
            done
            find /sys/fs/cgroup -depth -type d -path "*/alcove*/$id*" -exec rmdir {} \; 2>/dev/null || true
            for mount in $(cut -d' ' -f5 /proc/self/mountinfo | grep -E '^{{TestHome.Path}}/(run|pool)(/|$)' | sort -r); do umount -l $mount; done
            for link in $(ip -o link | cut -d: -f2 | cut -d@ -f1 | grep "al$id"); do ip link delete $link || true; done
            nft flush ruleset
            rm -rf {{TestHome.Path}}/run/*
            """);
    }
}
