using Alcove.Envd.Metrics;
using Xunit;

namespace Alcove.Tests.Envd.Metrics;

public sealed class UsageTests : IDisposable
{
    private readonly string _cgroup = Directory.CreateTempSubdirectory("alcove-cgroup-").FullName;

    public void Dispose() => Directory.Delete(_cgroup, recursive: true);

    [Fact]
    public void Usage_VersionTwo_ReadsLimitsAsTotals()
    {
        Write("cpu.max", "150000 100000\n");
        Write("cpu.stat", "usage_usec 2500000\nuser_usec 1\n");
        Write("memory.max", "1048576\n");
        Write("memory.current", "500000\n");
        Write("memory.stat", "anon 1\nfile 200000\nshmem 50000\nactive_file 90000\ninactive_file 60000\nslab_reclaimable 100000\n");
        var usage = new Usage(_cgroup);
        Assert.Equal((1.5, 2.5), (usage.CpuCount(), usage.CpuSeconds()));
        Assert.Equal((1048576UL, 250000UL, 300000UL), usage.Memory());
    }

    [Fact]
    public void Usage_VersionOne_ReadsLimitsAsTotals()
    {
        Write("cpu/cpu.cfs_quota_us", "200000\n");
        Write("cpu/cpu.cfs_period_us", "100000\n");
        Write("cpuacct/cpuacct.usage", "1500000000\n");
        Write("memory/memory.limit_in_bytes", "1048576\n");
        Write("memory/memory.usage_in_bytes", "500000\n");
        Write("memory/memory.stat", "cache 1\ntotal_cache 200000\ntotal_shmem 50000\ntotal_active_file 90000\ntotal_inactive_file 60000\n");
        var usage = new Usage(_cgroup);
        Assert.Equal((2.0, 1.5), (usage.CpuCount(), usage.CpuSeconds()));
        Assert.Equal((1048576UL, 350000UL, 200000UL), usage.Memory());
    }

    private void Write(string name, string text)
    {
        var path = Path.Combine(_cgroup, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
