using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Alcove.Connect;
using Alcove.Protocol.Processes;

namespace Alcove.Benchmarks;

/// <summary>Alcove, over its two ports.</summary>
internal sealed class AlcovePlatform : IPlatform
{
    /// <summary>For a process to take the memory that it holds.</summary>
    private static readonly TimeSpan ProcessPatience = TimeSpan.FromSeconds(2);

    private const string FilePath = "/files?path=/home/user/data";
    private static readonly ConnectMethod<StartRequest, StartResponse> Start = new("/process.Process/Start", StartRequest.Parser, StartResponse.Parser);

    private readonly HttpClient _api = new() { BaseAddress = new Uri("http://127.0.0.1:3000"), DefaultRequestHeaders = { { "X-API-Key", "e2b_53ae1fed82754c17ad8077fbc8bcdd90" } } };
    private readonly SocketsHttpHandler _connections = new();
    private readonly Uri _traffic = new("http://127.0.0.1:3002");

    public async Task<string> CreateAsync() => (string)(await PostAsync("/sandboxes", new { templateID = "base", timeout = 3600 }))!["sandboxID"]!;

    /// <summary>Starts shell text that goes on.</summary>
    public async Task StartAsync(string id, string command)
    {
        using var http = Client(id);
        var request = new StartRequest { Process = new ProcessConfig { Cmd = "/bin/sh", Args = { "-c", command } }, Stdin = false };
        await using var events = new ConnectClient(http, _traffic).ServerStreamingAsync(Start, request, CancellationToken.None).GetAsyncEnumerator();
        await events.MoveNextAsync();
        await Task.Delay(ProcessPatience);
    }

    public Task PauseAsync(string id) => PostAsync($"/sandboxes/{id}/pause", new { });

    public Task ResumeAsync(string id) => PostAsync($"/sandboxes/{id}/connect", new { timeout = 3600 });

    /// <returns>What it is removed by.</returns>
    public async Task<string> SnapshotAsync(string id) => (string)(await PostAsync($"/sandboxes/{id}/snapshots", new { }))!["snapshotID"]!;

    public async Task DeleteSnapshotAsync(string snapshot) => (await _api.DeleteAsync($"/templates/{snapshot}")).EnsureSuccessStatusCode().Dispose();

    /// <returns>The copies' ids.</returns>
    public async Task<string[]> ForkAsync(string id, int count)
    {
        var children = (await PostAsync($"/sandboxes/{id}/fork", new { count, timeout = 3600 }))!.AsArray();
        return [.. children.Select(child => (string?)child!["sandbox"]?["sandboxID"] ?? throw new InvalidOperationException(child.ToJsonString()))];
    }

    /// <summary>Asks the daemon whether it is well.</summary>
    public async Task ProbeAsync(string id)
    {
        using var http = Client(id);
        using var answer = await http.GetAsync(new Uri(_traffic, "/health"));
        answer.EnsureSuccessStatusCode();
    }

    public async Task RunAsync(string id)
    {
        using var http = Client(id);
        var request = new StartRequest { Process = new ProcessConfig { Cmd = "true" }, Stdin = false };
        ProcessEvent.Types.EndEvent? end = null;
        await foreach (var message in new ConnectClient(http, _traffic).ServerStreamingAsync(Start, request, CancellationToken.None))
        {
            end = message.Event.End ?? end;
        }

        if (end is not { ExitCode: 0 })
        {
            throw new InvalidOperationException(end?.Status ?? "the command's end is missing");
        }
    }

    public byte[] Pack(byte[] file) => file;

    public async Task UploadAsync(string id, byte[] packed)
    {
        using var http = Client(id);
        using var content = new ByteArrayContent(packed) { Headers = { ContentType = new("application/octet-stream") } };
        using var answer = await http.PostAsync(new Uri(_traffic, FilePath), content);
        answer.EnsureSuccessStatusCode();
    }

    public async Task DownloadAsync(string id, int size)
    {
        using var http = Client(id);
        using var answer = await http.GetAsync(new Uri(_traffic, FilePath), HttpCompletionOption.ResponseHeadersRead);
        await Drain.ReadAsync(answer, size);
    }

    public async Task RemoveAsync(string id) => (await _api.DeleteAsync($"/sandboxes/{id}")).EnsureSuccessStatusCode().Dispose();

    private async Task<JsonNode?> PostAsync(string path, object body)
    {
        using var answer = await _api.PostAsJsonAsync(path, body);
        var text = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode ? (text.Length > 0 ? JsonNode.Parse(text) : null) : throw new InvalidOperationException($"POST {path}: {(int)answer.StatusCode} {text}");
    }

    /// <summary>Speaks to the daemon of one sandbox, over connections that all share.</summary>
    private HttpClient Client(string id) => new(_connections, disposeHandler: false)
    {
        Timeout = TimeSpan.FromMinutes(5),
        DefaultRequestHeaders = { { "E2b-Sandbox-Id", id }, { "E2b-Sandbox-Port", "49983" } },
    };
}
