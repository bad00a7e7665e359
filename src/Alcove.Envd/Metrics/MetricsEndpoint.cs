using System.Text.Json;
using Alcove.Envd.Hosting;

namespace Alcove.Envd.Metrics;

/// <summary><c>GET /metrics</c>: what the sandbox uses, and its limits as totals. Processor use is since the last call by anyone.</summary>
/// <remarks>What cannot be read makes the whole answer a bare 500: half of the figures would be taken for all of them.</remarks>
internal sealed class MetricsEndpoint
{
    private const ulong MiB = 1 << 20;

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly Usage _usage;
    private readonly string _disk;
    private (long Timestamp, double Seconds) _last;

    public MetricsEndpoint(TimeProvider time, Usage usage, string disk = "/")
    {
        (_time, _usage, _disk) = (time, usage, disk);
        _last = (time.GetTimestamp(), usage.CpuSeconds());
    }

    public Task HandleAsync(HttpContext http)
    {
        http.Response.Headers.CacheControl = "no-store";
        try
        {
            return JsonBody.WriteAsync(http, Collect());
        }
        catch (Exception e)
        {
            DaemonLog.Write($"metrics: {e.GetType().Name}: {e.Message}");
            http.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return Task.CompletedTask;
        }
    }

    private Action<Utf8JsonWriter> Collect()
    {
        var cpus = _usage.CpuCount();
        var (total, used, cache) = _usage.Memory();
        var disk = new DriveInfo(_disk);
        var (diskTotal, diskFree) = (disk.TotalSize, disk.AvailableFreeSpace);
        var percent = CpuPercent(cpus);
        return json =>
        {
            json.WriteStartObject();
            json.WriteNumber("ts", _time.GetUtcNow().ToUnixTimeSeconds());
            json.WriteNumber("cpu_count", (int)Math.Ceiling(cpus));
            json.WriteNumber("cpu_used_pct", percent);
            json.WriteNumber("mem_total", total);
            json.WriteNumber("mem_used", used);
            json.WriteNumber("mem_cache", cache);
            json.WriteNumber("mem_total_mib", total / MiB);
            json.WriteNumber("mem_used_mib", used / MiB);
            json.WriteNumber("disk_total", diskTotal);
            json.WriteNumber("disk_used", diskTotal - diskFree);
            json.WriteEndObject();
        };
    }

    private double CpuPercent(double cpus)
    {
        lock (_lock)
        {
            var (now, seconds) = (_time.GetTimestamp(), _usage.CpuSeconds());
            var elapsed = _time.GetElapsedTime(_last.Timestamp, now).TotalSeconds;
            var busy = seconds - _last.Seconds;
            _last = (now, seconds);
            return elapsed <= 0 || busy <= 0 ? 0 : Math.Round(Math.Min(100, busy / elapsed / cpus * 100), 2);
        }
    }
}
