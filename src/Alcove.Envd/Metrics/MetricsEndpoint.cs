using Alcove.Envd.Hosting;

namespace Alcove.Envd.Metrics;

/// <summary><c>GET /metrics</c>: what the sandbox uses, and its limits as totals. Processor use is since the last call by anyone.</summary>
internal sealed class MetricsEndpoint
{
    private const ulong MiB = 1 << 20;

    private readonly Lock _lock = new();
    private readonly Usage _usage = new();
    private readonly TimeProvider _time;
    private (long Timestamp, double Seconds) _last;

    public MetricsEndpoint(TimeProvider time)
    {
        _time = time;
        _last = (time.GetTimestamp(), _usage.CpuSeconds());
    }

    public Task HandleAsync(HttpContext http)
    {
        http.Response.Headers.CacheControl = "no-store";
        var cpus = _usage.CpuCount();
        var (total, used, cache) = _usage.Memory();
        var disk = new DriveInfo("/");
        var percent = CpuPercent(cpus);
        return JsonBody.WriteAsync(http, json =>
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
            json.WriteNumber("disk_total", disk.TotalSize);
            json.WriteNumber("disk_used", disk.TotalSize - disk.AvailableFreeSpace);
            json.WriteEndObject();
        });
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
