using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Alcove.Connect;
using Alcove.Protocol.Processes;

namespace Alcove.Benchmarks;

/// <summary>Alcove, over its two ports.</summary>
internal sealed class AlcovePlatform : IPlatform
{
    private static readonly ConnectMethod<StartRequest, StartResponse> Start = new("/process.Process/Start", StartRequest.Parser, StartResponse.Parser);

    private readonly HttpClient _api = new() { BaseAddress = new Uri("http://127.0.0.1:3000"), DefaultRequestHeaders = { { "X-API-Key", "e2b_53ae1fed82754c17ad8077fbc8bcdd90" } } };
    private readonly HttpClient _traffic = new() { BaseAddress = new Uri("http://127.0.0.1:3002"), Timeout = TimeSpan.FromMinutes(5) };

    public async Task<string> CreateAsync()
    {
        using var answer = await _api.PostAsJsonAsync("/sandboxes", new { templateID = "base", timeout = 600 });
        answer.EnsureSuccessStatusCode();
        return (string)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["sandboxID"]!;
    }

    public async Task RunAsync(string id)
    {
        var request = new StartRequest { Process = new ProcessConfig { Cmd = "true" }, Stdin = false };
        await foreach (var message in new ConnectClient(new Routed(_traffic, id), _traffic.BaseAddress!).ServerStreamingAsync(Start, request, CancellationToken.None))
        {
            if (message.Event.End is { ExitCode: not 0 } end)
            {
                throw new InvalidOperationException(end.Status);
            }
        }
    }

    public async Task UploadAsync(string id, byte[] data)
    {
        using var content = new ByteArrayContent(data) { Headers = { ContentType = new("application/octet-stream") } };
        using var answer = await SendAsync(id, new HttpRequestMessage(HttpMethod.Post, "/files?path=/home/user/data") { Content = content });
        answer.EnsureSuccessStatusCode();
    }

    public async Task DownloadAsync(string id, int size)
    {
        using var answer = await SendAsync(id, new HttpRequestMessage(HttpMethod.Get, "/files?path=/home/user/data"));
        await Drain.ReadAsync(answer, size);
    }

    public async Task RemoveAsync(string id) => (await _api.DeleteAsync($"/sandboxes/{id}")).Dispose();

    private Task<HttpResponseMessage> SendAsync(string id, HttpRequestMessage request)
    {
        Routed.Address(request, id);
        return _traffic.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private sealed class Routed(HttpClient http, string id) : HttpMessageInvoker(new SocketsHttpHandler())
    {
        public static void Address(HttpRequestMessage request, string id)
        {
            request.Headers.Add("E2b-Sandbox-Id", id);
            request.Headers.Add("E2b-Sandbox-Port", "49983");
        }

        public override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Address(request, id);
            return http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
    }
}
