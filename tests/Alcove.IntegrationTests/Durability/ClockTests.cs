using System.Globalization;
using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Durability;

/// <summary>
/// A machine counts its monotonic time from its start: after a reboot it is less than what a sandbox that was paused before has seen. The
/// time namespace of a node stands for a machine that has been up for long.
/// </summary>
public sealed class ClockTests(Installation installation)
{
    private const int Seconds = 12;
    private const int Before = 6;

    /// <summary>Less than what had passed before: nothing began anew.</summary>
    private const int Late = 5;
    private const string LongUp = "unshare --time --monotonic 1000000 --boottime 1000000";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Every way to sleep writes down by how much the monotonic clock, and the clock since boot, went on meanwhile.</summary>
    private const string Sleepers = """
        import os, select, socket, subprocess, sys, threading, time
        seconds = float(sys.argv[1])
        start = (time.monotonic(), time.clock_gettime(time.CLOCK_BOOTTIME))
        def timer():
            descriptor = os.timerfd_create(time.CLOCK_MONOTONIC)
            os.timerfd_settime(descriptor, initial=seconds)
            os.read(descriptor, 8)
        def receive():
            pair = socket.socketpair()
            pair[0].settimeout(seconds)
            try: pair[0].recv(1)
            except TimeoutError: pass
        ways = {
            'sleep': lambda: time.sleep(seconds),
            'poll': lambda: select.poll().poll(seconds * 1000),
            'epoll': lambda: select.epoll().poll(seconds),
            'condition': lambda: threading.Event().wait(seconds),
            'timerfd': timer,
            'receive': receive,
            'coreutils': lambda: subprocess.run(['sleep', str(seconds)]),
            'shell': lambda: subprocess.run(['bash', '-c', f'read -t {seconds} < <(exec sleep 1000)']),
        }
        def run(name):
            ways[name]()
            line = f'{name} {time.monotonic() - start[0]:.2f} {time.clock_gettime(time.CLOCK_BOOTTIME) - start[1]:.2f}\n'
            file = os.open('/home/user/woke', os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.write(file, line.encode())
        for name in ways: threading.Thread(target=run, args=(name,)).start()
        open('/home/user/started', 'w').write(str(len(ways)))
        """;

    [Fact]
    public async Task Reboot_TheMonotonicClockIsSmaller_SleepersWakeOnTime()
    {
        await installation.RestartNodeAsync(LongUp);
        await using var sandbox = await installation.CreateAsync();
        try
        {
            await sandbox.RunAsync($"cat > sleepers.py <<'PY'\n{Sleepers}\nPY\nnohup python3 sleepers.py {Seconds} >/dev/null 2>sleepers.err &");
            var count = await Eventually.HoldsAsync(async () => (await sandbox.RunAsync("cat started 2>/dev/null")).Output, text => text.Length > 0, Patience);
            var begun = await UptimeAsync(sandbox);
            Assert.True(begun > 1_000_000, $"the clock inside is at {begun}");
            await Eventually.HoldsAsync(() => UptimeAsync(sandbox), now => now > begun + Before, Patience);
            await sandbox.PauseAsync();

            await installation.RestartNodeAsync(launcher: string.Empty);
            await sandbox.ResumeAsync();

            var after = await UptimeAsync(sandbox);
            Assert.InRange(after, begun + Before, begun + Seconds);
            var woke = await Eventually.HoldsAsync(
                async () => (await sandbox.RunAsync("cat woke sleepers.err 2>/dev/null")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), lines => lines.Length >= int.Parse(count, CultureInfo.InvariantCulture), Patience);
            Assert.All(woke, line => Assert.All(line.Split(' ')[1..], slept => Assert.InRange(double.Parse(slept, CultureInfo.InvariantCulture), Seconds - 0.1, Seconds + Late)));

            await sandbox.PauseAsync();
            await sandbox.ResumeAsync();
            Assert.InRange(await UptimeAsync(sandbox), after, after + Patience.TotalSeconds);
        }
        finally
        {
            await sandbox.KillAsync();
            await installation.RestartNodeAsync(launcher: string.Empty);
        }
    }

    private static async Task<double> UptimeAsync(TestSandbox sandbox) =>
        double.Parse((await sandbox.RunAsync("python3 -c 'import time; print(time.monotonic())'")).Output, CultureInfo.InvariantCulture);
}
