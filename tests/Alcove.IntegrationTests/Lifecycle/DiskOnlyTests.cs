using System.Net;
using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Lifecycle;

/// <summary>Pauses that keep the disk alone, and resumes that want nothing else: the machine boots again.</summary>
public sealed class DiskOnlyTests(Installation installation)
{
    [Fact]
    public async Task PauseWithoutMemory_Reboots_KeepsTheDisk_OverSeveralCycles()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api, new { secure = true, envVars = new { GREETING = "hello" } });
        var machine = await sandbox.OutputAsync("cat /etc/machine-id");
        var boots = new HashSet<string> { await BootIdAsync(sandbox) };

        for (var cycle = 1; cycle <= 3; cycle++)
        {
            await sandbox.OutputAsync($"echo {cycle} >> file; nohup sleep 1000 >/dev/null 2>&1 &");
            await sandbox.PauseAsync(withMemory: false);
            Assert.Equal("paused", (string)(await sandbox.DetailAsync())["state"]!);
            await sandbox.ResumeAsync();

            Assert.Equal(string.Join('\n', Enumerable.Range(1, cycle)), await sandbox.OutputAsync("cat file"));
            Assert.Equal("0", await sandbox.OutputAsync("pgrep -xc sleep || true"));
            Assert.Equal($"user /home/user hello {machine}", await sandbox.OutputAsync("echo $(whoami) $(pwd) $GREETING $(cat /etc/machine-id)"));
            Assert.Equal("user", await DefaultUserAsync(sandbox));
            Assert.True(boots.Add(await BootIdAsync(sandbox)));
        }
    }

    [Fact]
    public async Task PlainPause_KeepsTheBoot()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        var boot = await BootIdAsync(sandbox);

        await sandbox.PauseAsync();
        await sandbox.ResumeAsync();

        Assert.Equal(boot, await BootIdAsync(sandbox));
    }

    [Theory]
    [InlineData("connect")]
    [InlineData("resume")]
    public async Task MemoryFalse_OfASleeperWithMemory_Reboots(string verb)
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await sandbox.OutputAsync("echo written > file; nohup sleep 1000 >/dev/null 2>&1 &");
        var boot = await BootIdAsync(sandbox);
        await sandbox.PauseAsync();

        Assert.Equal(HttpStatusCode.Created, (await PauseTests.SendAsync(sandbox.Id, verb, """{"timeout":600,"memory":false}""")).Status);

        Assert.Equal("written\n0", await sandbox.OutputAsync("cat file; pgrep -xc sleep || true"));
        Assert.NotEqual(boot, await BootIdAsync(sandbox));
    }

    [Fact]
    public async Task MemoryFalse_OfARunningOne_ChangesNothing()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        var boot = await BootIdAsync(sandbox);

        Assert.Equal(HttpStatusCode.OK, (await PauseTests.SendAsync(sandbox.Id, "connect", """{"timeout":60,"memory":false}""")).Status);

        Assert.Equal(boot, await BootIdAsync(sandbox));
    }

    internal static Task<string> BootIdAsync(TestSandbox sandbox) => sandbox.OutputAsync("cat /proc/sys/kernel/random/boot_id");

    /// <summary>Who a request is for that names nobody: as whom a file is written shows it.</summary>
    private static async Task<string> DefaultUserAsync(TestSandbox sandbox)
    {
        using var form = new MultipartFormDataContent { { new StringContent("x"), "file", "owned" } };
        using var answer = await sandbox.Daemon.PostAsync("/files?path=owned", form);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return await sandbox.OutputAsync("stat -c %U /home/user/owned");
    }
}
