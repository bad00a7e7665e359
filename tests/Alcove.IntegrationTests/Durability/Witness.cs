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

    public TestSandbox Sandbox => sandbox;

    public long Last { get; private set; }

    /// <param name="sandbox">Where.</param>
    /// <param name="memoryMiB">How much memory it holds besides.</param>
    public static async Task<Witness> StartAsync(TestSandbox sandbox, int memoryMiB = 0)
    {
        var witness = new Witness(sandbox);
        await sandbox.RunAsync($"cat > /home/user/witness.py <<'PY'\n{Program}\nPY\nnohup python3 /home/user/witness.py {memoryMiB} >/dev/null 2>/home/user/witness.err & echo $! > /home/user/witness.pid");
        await Eventually.HoldsAsync(witness.CountAsync, count => count > 1, TimeSpan.FromSeconds(10));
        witness._process = (await sandbox.RunAsync("cat /home/user/witness.pid")).Output.Trim();
        return witness;
    }

    /// <summary>The same process in a copy of its sandbox.</summary>
    public Witness In(TestSandbox copy) => new(copy) { _process = _process, Last = Last };

    /// <summary>It lives, goes on counting from where it was, and has seen nothing wrong.</summary>
    public async Task IsWellAsync()
    {
        var count = await CountAsync();
        Assert.True(count >= Last, $"the counter went back from {Last} to {count}");
        await Eventually.HoldsAsync(CountAsync, later => later > count, TimeSpan.FromSeconds(10));
        var state = await sandbox.RunAsync($"kill -0 {_process} && cat /home/user/witness.err /home/user/diverged 2>/dev/null; true");
        Assert.Equal((string.Empty, 0), (state.Output + state.Error, state.ExitCode));
        Last = await CountAsync();
    }

    private async Task<long> CountAsync() =>
        long.TryParse((await sandbox.RunAsync("cat /home/user/count")).Output, NumberStyles.Integer, CultureInfo.InvariantCulture, out var count) ? count : 0;
}
