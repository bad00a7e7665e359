using System.Globalization;
using System.Text.Json;
using Alcove.Envd.Metrics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Alcove.Tests.Envd.Metrics;

public sealed class MetricsEndpointTests : IDisposable
{
    private readonly string _cgroup = Directory.CreateTempSubdirectory("alcove-cgroup-").FullName;
    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));

    public void Dispose() => Directory.Delete(_cgroup, recursive: true);

    [Fact]
    public async Task Metrics_OfACgroup_AnswersItsLimitsAsTotals()
    {
        UseProcessor(seconds: 0);
        File.WriteAllText($"{_cgroup}/cpu.max", "200000 100000\n");
        File.WriteAllText($"{_cgroup}/memory.max", "3145728\n");
        File.WriteAllText($"{_cgroup}/memory.current", "2097152\n");
        File.WriteAllText($"{_cgroup}/memory.stat", "file 1000\nactive_file 600\ninactive_file 400\n");
        var metrics = new MetricsEndpoint(_time, new Usage(_cgroup));

        using var answer = await AskAsync(metrics);

        var json = answer.RootElement;
        Assert.Equal(1_800_000_000, json.GetProperty("ts").GetInt64());
        Assert.Equal(
            (2, 3145728, 2096152, 1000, 3, 1),
            (Number(json, "cpu_count"), Number(json, "mem_total"), Number(json, "mem_used"), Number(json, "mem_cache"), Number(json, "mem_total_mib"), Number(json, "mem_used_mib")));
        Assert.InRange(json.GetProperty("disk_used").GetInt64(), 1, json.GetProperty("disk_total").GetInt64());
    }

    [Fact]
    public async Task Metrics_Processor_IsTheShareSinceTheLastCall()
    {
        UseProcessor(seconds: 10);
        File.WriteAllText($"{_cgroup}/cpu.max", "200000 100000\n");
        var metrics = new MetricsEndpoint(_time, new Usage(_cgroup));

        Assert.Equal(25, await PercentAfterAsync(metrics, used: 11));
        Assert.Equal(0, await PercentAfterAsync(metrics, used: 11));
        Assert.Equal(100, await PercentAfterAsync(metrics, used: 100));
        Assert.Equal(0, await PercentAfterAsync(metrics, used: 3)); // a wake-up starts the cgroup's count anew
    }

    [Fact]
    public async Task Metrics_WhatCannotBeRead_IsABareFailure()
    {
        var metrics = new MetricsEndpoint(_time, new Usage(_cgroup), disk: "/no/such/mount");
        using var body = new MemoryStream();
        var http = new DefaultHttpContext { Response = { Body = body } };

        await metrics.HandleAsync(http);

        Assert.Equal((500, 0, "no-store"), (http.Response.StatusCode, body.Length, http.Response.Headers.CacheControl.ToString()));
    }

    private async Task<double> PercentAfterAsync(MetricsEndpoint metrics, double used)
    {
        _time.Advance(TimeSpan.FromSeconds(2));
        UseProcessor(used);
        using var answer = await AskAsync(metrics);
        return answer.RootElement.GetProperty("cpu_used_pct").GetDouble();
    }

    private static async Task<JsonDocument> AskAsync(MetricsEndpoint metrics)
    {
        using var body = new MemoryStream();
        var http = new DefaultHttpContext { Response = { Body = body } };
        await metrics.HandleAsync(http);
        Assert.Equal((200, "application/json"), (http.Response.StatusCode, http.Response.ContentType));
        return JsonDocument.Parse(body.ToArray());
    }

    private void UseProcessor(double seconds) =>
        File.WriteAllText($"{_cgroup}/cpu.stat", $"usage_usec {((long)(seconds * 1_000_000)).ToString(CultureInfo.InvariantCulture)}\n");

    private static long Number(JsonElement json, string name) => json.GetProperty(name).GetInt64();
}
