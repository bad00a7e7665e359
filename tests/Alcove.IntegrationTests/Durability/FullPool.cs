using Alcove.IntegrationTests.Harness;

namespace Alcove.IntegrationTests.Durability;

/// <summary>Takes nearly all room of the pool, which is a file system of its own in the tests' home, until disposed.</summary>
internal sealed class FullPool : IDisposable
{
    private static readonly string Filler = Path.Combine(TestHome.Path, "pool", "filler");

    private FullPool()
    {
    }

    /// <summary>Reserved, not written: the machine's own disk does not notice.</summary>
    public static async Task<FullPool> FillAsync(int leaveMiB)
    {
        await Command.ShellAsync($"""
            [ -e {TestHome.Path}/pool.img ]
            free=$(df --output=avail -BM {TestHome.Path}/pool | tail -n 1 | tr -dc 0-9)
            fallocate -l $((free - {leaveMiB}))M {Filler}
            """);
        return new FullPool();
    }

    public void Dispose() => File.Delete(Filler);
}
