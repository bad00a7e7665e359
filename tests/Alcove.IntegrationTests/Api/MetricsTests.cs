using System.Net.Http.Json;
using System.Text.Json;
using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Api;

/// <summary>What a sandbox's daemon says of its use: the sandbox's own, never the machine's.</summary>
public sealed class MetricsTests(Installation installation)
{
    [Fact]
    public async Task Metrics_OfARealSandbox_AreItsOwnLimitsAndUse()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);

        var first = await ReadAsync(sandbox);
        Assert.Equal((512L << 20, 512, 2), (first.GetProperty("mem_total").GetInt64(), first.GetProperty("mem_total_mib").GetInt32(), first.GetProperty("cpu_count").GetInt32()));
        Assert.InRange(first.GetProperty("disk_total").GetInt64(), 4700L << 20, 5120L << 20);
        Assert.InRange(first.GetProperty("disk_used").GetInt64(), 1, 1L << 30);
        Assert.InRange(first.GetProperty("mem_used").GetInt64(), 1 << 20, 200 << 20);

        await sandbox.RunAsync("head -c 200M /dev/zero >big; sync; python3 -c 'import time; b=b\"x\"*(150<<20); time.sleep(30)' >/dev/null 2>&1 &");
        await Eventually.TrueAsync(async () => (await ReadAsync(sandbox)).GetProperty("mem_used").GetInt64() > 120L << 20, TimeSpan.FromSeconds(20));

        var second = await ReadAsync(sandbox);
        Assert.True(second.GetProperty("disk_used").GetInt64() >= first.GetProperty("disk_used").GetInt64() + (190L << 20));
        Assert.True(second.GetProperty("mem_used").GetInt64() <= 512L << 20);
    }

    [Fact]
    public async Task Metrics_OfABusyProcessor_AreAShareOfBoth()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await ReadAsync(sandbox);

        await sandbox.RunAsync("timeout 3 sh -c 'while :; do :; done'");

        Assert.InRange((await ReadAsync(sandbox)).GetProperty("cpu_used_pct").GetDouble(), 10, 75);
    }

    private static Task<JsonElement> ReadAsync(TestSandbox sandbox) => sandbox.Daemon.GetFromJsonAsync<JsonElement>("/metrics", TestContext.Current.CancellationToken);
}
