using System.Formats.Tar;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Alcove.Connect;

namespace Alcove.Benchmarks;

/// <summary>podman, over its REST API (libpod) on a Unix socket: the same root file system, the default bridge network.</summary>
internal sealed class PodmanPlatform(string socket) : IPlatform
{
    private const string Api = "/v4.0.0/libpod";

    private readonly HttpClient _http = new(UnixSocketHandler.Create(socket)) { BaseAddress = new Uri("http://podman"), Timeout = TimeSpan.FromMinutes(5) };

    public async Task<string> CreateAsync()
    {
        var created = await PostAsync("/containers/create", new { image = "localhost/alcove-bench", command = (string[])["sleep", "3600"], resource_limits = new { memory = new { limit = 512L << 20 }, pids = new { limit = 1024 } } });
        var id = (string)created!["Id"]!;
        await PostAsync($"/containers/{id}/start", new { });
        return id;
    }

    public async Task RunAsync(string id)
    {
        var exec = (string)(await PostAsync($"/containers/{id}/exec", new { Cmd = (string[])["true"], AttachStdout = true, AttachStderr = true }))!["Id"]!;
        using (var answer = await _http.PostAsJsonAsync($"{Api}/exec/{exec}/start", new { Detach = false }))
        {
            await Drain.ReadAsync(answer, 0);
        }

        var state = JsonNode.Parse(await _http.GetStringAsync($"{Api}/exec/{exec}/json"))!;
        if ((bool)state["Running"]! || (int)state["ExitCode"]! != 0)
        {
            throw new InvalidOperationException(state.ToJsonString());
        }
    }

    public byte[] Pack(byte[] file)
    {
        using var archive = new MemoryStream(file.Length + (1 << 20));
        using (var tar = new TarWriter(archive, leaveOpen: true))
        {
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "data") { DataStream = new MemoryStream(file) });
        }

        return archive.ToArray();
    }

    public async Task UploadAsync(string id, byte[] packed)
    {
        using var content = new ByteArrayContent(packed) { Headers = { ContentType = new("application/x-tar") } };
        using var answer = await _http.PutAsync($"{Api}/containers/{id}/archive?path=/home/user", content);
        answer.EnsureSuccessStatusCode();
    }

    public async Task DownloadAsync(string id, int size)
    {
        using var answer = await _http.GetAsync($"{Api}/containers/{id}/archive?path=/home/user/data", HttpCompletionOption.ResponseHeadersRead);
        await Drain.ReadAsync(answer, size);
    }

    public async Task RemoveAsync(string id) => (await _http.DeleteAsync($"{Api}/containers/{id}?force=true&timeout=0")).EnsureSuccessStatusCode().Dispose();

    private async Task<JsonNode?> PostAsync(string path, object body)
    {
        using var answer = await _http.PostAsJsonAsync(Api + path, body);
        var text = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode ? (text.Length > 0 ? JsonNode.Parse(text) : null) : throw new InvalidOperationException($"podman {path}: {(int)answer.StatusCode} {text}");
    }
}
