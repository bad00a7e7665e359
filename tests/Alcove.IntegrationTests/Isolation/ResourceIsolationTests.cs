using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Isolation;

/// <summary>What a sandbox may use up: its own share, and nobody else's.</summary>
public sealed class ResourceIsolationTests(Installation installation)
{
    [Fact]
    public async Task MemoryHog_EndsByItself_AndBothDaemonsAnswer()
    {
        await using var neighbour = await TestSandbox.CreateAsync(installation.Api);
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);

        var hog = await sandbox.RunAsync("python3 -c 'b=[bytearray(1<<20) for _ in range(4096)]; print(len(b))'; echo after=$?", timeout: TimeSpan.FromMinutes(2));

        Assert.Contains("after=137", hog.Output, StringComparison.Ordinal);
        var alone = await sandbox.RunAsync("exec python3 -c 'b=[bytearray(1<<20) for _ in range(4096)]'", timeout: TimeSpan.FromMinutes(2));
        Assert.Equal("signal: killed (the sandbox ran out of memory)", alone.EndError);
        Assert.Equal("still\n", (await sandbox.RunAsync("echo still")).Output);
        Assert.Equal("here\n", (await neighbour.RunAsync("echo here")).Output);
    }

    [Fact]
    public async Task ForkBomb_IsBounded_AndBothDaemonsAnswer()
    {
        await using var neighbour = await TestSandbox.CreateAsync(installation.Api);
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);

        using var bombing = new CancellationTokenSource();
        var bomb = DrainAsync(sandbox.StartAsync("bomb() { bomb | bomb & }; bomb; sleep 5", "user", bombing.Token));
        await Eventually.TrueAsync(async () => (await sandbox.Daemon.GetAsync("/health")).IsSuccessStatusCode, TimeSpan.FromSeconds(30));

        Assert.Equal("here\n", (await neighbour.RunAsync("echo here")).Output);
        await Eventually.TrueAsync(async () => (await sandbox.Daemon.GetAsync("/health")).IsSuccessStatusCode, TimeSpan.FromSeconds(30));
        await bombing.CancelAsync();
        await bomb;
    }

    [Fact]
    public async Task FullDisk_FailsInside_AndNowhereElse()
    {
        await using var neighbour = await TestSandbox.CreateAsync(installation.Api);
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);

        var size = await sandbox.RunAsync("df -m --output=size / | tail -1");
        var fill = await sandbox.RunAsync("fallocate -l 20G big || dd if=/dev/zero of=big bs=1M count=6000 2>&1 | grep -c 'No space left'", timeout: TimeSpan.FromMinutes(3));

        Assert.InRange(int.Parse(size.Output, System.Globalization.CultureInfo.InvariantCulture), 4700, 5120);
        Assert.NotEqual(string.Empty, fill.Error + fill.Output);
        Assert.Equal("here\n", (await neighbour.RunAsync("echo x > x && echo here")).Output);
        using var refused = await sandbox.Daemon.PostAsync("/files?path=/home/user/more", new ByteArrayContent(new byte[1 << 20]) { Headers = { ContentType = new("application/octet-stream") } }, TestContext.Current.CancellationToken);
        Assert.Equal(507, (int)refused.StatusCode);
        Assert.Equal("still\n", (await sandbox.RunAsync("rm -f big; echo still")).Output);
    }

    [Fact]
    public async Task Devices_CannotBeMadeOrRead_ByRoot()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);

        var result = await sandbox.RunAsync("mknod /tmp/loop b 7 0; echo made=$?; cat /dev/loop0 2>&1 | head -c1; ls /dev | tr '\\n' ' '; cat /proc/kcore 2>&1 | head -c1 | wc -c; mount -t tmpfs none /mnt; echo mounted=$?", "root");

        Assert.Contains("made=1", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("mounted=0", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("loop", result.Output.Split("made=1")[1].Split('\n')[1].Replace("/dev/loop0", string.Empty, StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task HostFiles_AreNotVisible_ToRoot()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);

        var result = await sandbox.RunAsync($"ls {TestHome.Path} 2>&1; find / -xdev -name node.sock 2>/dev/null; ps -e -o comm= | sort -u | head -20; cat /proc/sys/kernel/hostname", "root");

        Assert.DoesNotContain("node.sock\n", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("alcove-node", result.Output, StringComparison.Ordinal);
        Assert.Contains("e2b.local", result.Output, StringComparison.Ordinal);
    }

    /// <summary>The node listens on a path alone; nothing that it or the server listens on has an abstract name, which a path does not guard.</summary>
    [Fact]
    public async Task HostSockets_AreOutOfReach_OfRoot()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);

        var result = await sandbox.RunAsync($"python3 -c 'import socket; s=socket.socket(socket.AF_UNIX); print(s.connect_ex(\"{TestHome.Path}/node.sock\"))'; grep -c @ /proc/net/unix; find / -xdev -type s 2>/dev/null | grep -c alcove; ls /proc/1/root/var/lib | grep -c alcove", "root");

        Assert.Equal("2\n0\n0\n0\n", result.Output);
    }

    [Fact]
    public async Task LoopDevices_OfTheHost_AreOutOfReach_OfRoot()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        var loops = (await Command.ShellAsync("losetup --noheadings --output NAME,MAJ:MIN")).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(words => words.Length == 2).Select(words => words[1].Replace(':', ' ')).Take(3).ToArray();
        Assert.NotEmpty(loops);

        var tries = loops.Append("7 999").Select(loop => $"for place in /tmp /dev /run /home/user; do mknod $place/l b {loop} 2>/dev/null && echo made; head -c1 $place/l 2>/dev/null && echo read; done; true");
        var result = await sandbox.RunAsync(string.Join('\n', tries) + "\nmknod /tmp/c c 10 237 2>/dev/null && echo made; mknod /tmp/m c 1 1 2>/dev/null && echo made; mknod /tmp/k c 10 229 2>/dev/null && echo made; echo end", "root");

        Assert.Equal("end\n", result.Output);
    }

    private static async Task DrainAsync(IAsyncEnumerable<Protocol.Processes.StartResponse> events)
    {
        try
        {
            await foreach (var _ in events)
            {
            }
        }
        catch (Exception e) when (e is OperationCanceledException or Connect.ConnectException)
        {
            // The bomb's own stream may end as it likes.
        }
    }
}
