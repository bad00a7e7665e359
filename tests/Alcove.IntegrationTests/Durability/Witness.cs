using System.Globalization;
using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Durability;

/// <summary>
/// A process in a sandbox that raises a counter in memory and writes it to a file, with an fsync, again and again. Before each step it reads the
/// file: where that is not what it remembers, memory and disk are of different instants, and it says so.
/// </summary>
internal sealed class Witness(TestSandbox sandbox)
{
    private const string Files = "/home/user/witness.err /home/user/diverged";

    private const string Program = """
        import os, sys, time
        memory = os.urandom(int(sys.argv[1]) << 20)
        n = 0
        file = os.open('/home/user/count', os.O_RDWR | os.O_CREAT)
        os.pwrite(file, b'%020d' % n, 0)
        while True:
            time.sleep(0.003)
            seen = int(os.pread(file, 20, 0))
            if seen != n:
                open('/home/user/diverged', 'a').write(f'memory {n}, disk {seen}\n')
            n += 1
            os.pwrite(file, b'%020d' % n, 0)
            os.fsync(file)
        """;

    /// <summary>The process's number inside; the same after a resume.</summary>
    private string _process = string.Empty;
    private int _memoryMiB;

    public TestSandbox Sandbox => sandbox;

    public long Last { get; private set; }

    /// <param name="sandbox">Where.</param>
    /// <param name="memoryMiB">How much memory it holds besides.</param>
    public static async Task<Witness> StartAsync(TestSandbox sandbox, int memoryMiB = 0)
    {
        var witness = new Witness(sandbox) { _memoryMiB = memoryMiB };
        await sandbox.RunAsync($"cat > /home/user/witness.py <<'PY'\n{Program}\nPY");
        await witness.StartProcessAsync();
        return witness;
    }

    /// <summary>Whether the process is no more.</summary>
    public async Task<bool> IsGoneAsync() => (await sandbox.RunAsync($"grep -q witness.py /proc/{_process}/cmdline")).ExitCode != 0;

    /// <summary>After the processes were lost: the file says what it said, or more.</summary>
    public async Task StartAnewAsync()
    {
        var count = await CountAsync();
        Assert.True(count >= Last, $"the counter went back from {Last} to {count}");
        await sandbox.RunAsync($"pkill -9 -f witness.py; rm -f /home/user/count {Files}");
        Last = 0;
        await StartProcessAsync();
    }

    private async Task StartProcessAsync()
    {
        await sandbox.RunAsync($"nohup python3 /home/user/witness.py {_memoryMiB} >/dev/null 2>/home/user/witness.err & echo $! > /home/user/witness.pid");
        await Eventually.HoldsAsync(CountAsync, count => count > 1, TimeSpan.FromSeconds(10));
        _process = (await sandbox.RunAsync("cat /home/user/witness.pid")).Output.Trim();
    }

    /// <summary>The same process in a copy of its sandbox.</summary>
    public Witness In(TestSandbox copy) => new(copy) { _process = _process, Last = Last };

    /// <summary>It lives, goes on counting from where it was, and has seen nothing wrong.</summary>
    public async Task IsWellAsync()
    {
        var count = await CountAsync();
        Assert.True(count >= Last, $"the counter went back from {Last} to {count}");
        await Eventually.HoldsAsync(CountAsync, later => later > count, TimeSpan.FromSeconds(10));
        var state = await sandbox.RunAsync($"kill -0 {_process} && cat {Files} 2>/dev/null; true");
        Assert.Equal((string.Empty, 0), (state.Output + state.Error, state.ExitCode));
        Last = await CountAsync();
    }

    private async Task<long> CountAsync() =>
        long.TryParse((await sandbox.RunAsync("cat /home/user/count")).Output, NumberStyles.Integer, CultureInfo.InvariantCulture, out var count) ? count : 0;
}
