using System.Net;
using Alcove.IntegrationTests.Api;
using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Lifecycle;

/// <summary>What becomes of a sandbox whose time is up.</summary>
public sealed class AutoPauseTests(Installation installation)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task AtItsEnd_WithAutoPause_IsPausedAndKeptAndDoesSoAgain()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api, new { autoPause = true });
        await sandbox.OutputAsync("echo written > file; nohup sleep 1000 >/dev/null 2>&1 &");

        for (var cycle = 1; cycle <= 2; cycle++)
        {
            await PauseTests.SendAsync(sandbox.Id, "timeout", """{"timeout":0}""");
            await PausedAsync(sandbox, cycle);
            Assert.Equal("paused", (string)(await sandbox.DetailAsync())["state"]!);
            await sandbox.ResumeAsync();

            Assert.Equal("written\n1", await sandbox.OutputAsync("cat file; pgrep -xc sleep"));
            Assert.Equal("pause", (string)(await sandbox.DetailAsync())["lifecycle"]!["onTimeout"]!);
        }
    }

    [Fact]
    public async Task ShownAsPaused_IsReachedByNobodyBeforeItIsAwakeAgain()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api, new { autoPause = true });
        for (var cycle = 0; cycle < 5; cycle++)
        {
            await PauseTests.SendAsync(sandbox.Id, "timeout", """{"timeout":0}""");
            await Eventually.HoldsAsync(async () => (string)(await sandbox.DetailAsync())["state"]!, state => state == "paused", Patience);

            using var answer = await sandbox.GetAsync(49983, "/health");
            Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
            await sandbox.ResumeAsync();
        }
    }

    [Fact]
    public async Task AtItsEnd_WithoutAutoPause_IsGone()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await sandbox.PauseAsync();
        await sandbox.ResumeAsync();

        await PauseTests.SendAsync(sandbox.Id, "timeout", """{"timeout":0}""");

        Assert.Equal(HttpStatusCode.NotFound, (await ApiCall.SendAsync(HttpMethod.Get, $"/sandboxes/{sandbox.Id}")).Status);
        await Eventually.HoldsAsync(() => Residue.OfAsync([sandbox.Id]), found => found.Length == 0, Patience);
        await Eventually.HoldsAsync(async () => (await PauseTests.SendAsync(sandbox.Id, "connect", """{"timeout":60}""")).Status, status => status == HttpStatusCode.NotFound, Patience);
    }

    [Fact]
    public async Task AutoPauseWithoutMemory_KeepsOnlyTheDisk_OverSeveralCycles()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api, new { autoPause = true, autoPauseMemory = false });
        await sandbox.OutputAsync("echo written > file");
        var boots = new HashSet<string> { await DiskOnlyTests.BootIdAsync(sandbox) };

        for (var cycle = 1; cycle <= 2; cycle++)
        {
            await sandbox.OutputAsync("nohup sleep 1000 >/dev/null 2>&1 &");
            await PauseTests.SendAsync(sandbox.Id, "timeout", """{"timeout":0}""");
            await PausedAsync(sandbox, cycle);
            await sandbox.ResumeAsync();

            Assert.Equal("written\n0", await sandbox.OutputAsync("cat file; pgrep -xc sleep || true"));
            Assert.True(boots.Add(await DiskOnlyTests.BootIdAsync(sandbox)));
        }

        // A pause that is asked for keeps the memory as ever.
        await sandbox.OutputAsync("nohup sleep 1000 >/dev/null 2>&1 &");
        await sandbox.PauseAsync();
        await sandbox.ResumeAsync();
        Assert.Equal("1", await sandbox.OutputAsync("pgrep -xc sleep"));
    }

    [Fact]
    public async Task Resume_ThatSaysAutoPause_ChangesThePolicy()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await sandbox.PauseAsync();

        await PauseTests.SendAsync(sandbox.Id, "resume", """{"timeout":600,"autoPause":true}""");
        Assert.Equal("pause", (string)(await sandbox.DetailAsync())["lifecycle"]!["onTimeout"]!);
        await sandbox.PauseAsync();
        await sandbox.ResumeAsync();
        Assert.Equal("pause", (string)(await sandbox.DetailAsync())["lifecycle"]!["onTimeout"]!);
        await sandbox.PauseAsync();
        await PauseTests.SendAsync(sandbox.Id, "resume", """{"timeout":600,"autoPause":false}""");
        Assert.Equal("kill", (string)(await sandbox.DetailAsync())["lifecycle"]!["onTimeout"]!);
    }

    private static Task<string[]> PausedAsync(TestSandbox sandbox, int times) =>
        Eventually.HoldsAsync(() => Records.EventsOfAsync(sandbox.Id), events => events.Count(kind => kind == "paused") == times, Patience);
}
