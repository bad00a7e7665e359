using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Alcove.Connect;
using Alcove.Protocol.Envd;
using Alcove.Protocol.Processes;

namespace Alcove.IntegrationTests.Harness;

/// <summary>What a command in a sandbox did.</summary>
internal sealed record SandboxCommandResult(string Output, string Error, int ExitCode, string? EndError);

/// <summary>A sandbox made over the API and used over the traffic port, with the binary codec; killed when disposed.</summary>
internal sealed class TestSandbox : IAsyncDisposable
{
    private static readonly ConnectMethod<StartRequest, StartResponse> StartMethod = new("/process.Process/Start", StartRequest.Parser, StartResponse.Parser);
    private static readonly ConnectMethod<ListRequest, ListResponse> ListMethod = new("/process.Process/List", ListRequest.Parser, ListResponse.Parser);

    private static readonly HttpClient Traffic = new(new SocketsHttpHandler()) { BaseAddress = new Uri(Installation.SandboxUrl), Timeout = TimeSpan.FromMinutes(2) };

    private readonly HttpClient _api;
    private readonly ConnectClient _rpc;

    private TestSandbox(HttpClient api, JsonObject created)
    {
        _api = api;
        Created = created;
        Id = (string)created["sandboxID"]!;
        Token = (string?)created["envdAccessToken"];
        Daemon = new HttpClient(new SocketsHttpHandler()) { BaseAddress = new Uri(Installation.SandboxUrl), Timeout = TimeSpan.FromMinutes(2) };
        Address(Daemon.DefaultRequestHeaders, EnvdVersion.Port);
        _rpc = new ConnectClient(Daemon, Daemon.BaseAddress);
    }

    public string Id { get; }

    public string? Token { get; }

    /// <summary>The answer to the create.</summary>
    public JsonObject Created { get; }

    /// <summary>Requests to the daemon inside.</summary>
    public HttpClient Daemon { get; }

    public static async Task<TestSandbox> CreateAsync(HttpClient api, object? options = null)
    {
        var body = options is null ? [] : JsonNode.Parse(System.Text.Json.JsonSerializer.Serialize(options))!.AsObject();
        body["templateID"] ??= "base";
        body["timeout"] ??= 600;
        using var answer = await api.PostAsJsonAsync("/sandboxes", body);
        var text = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode
            ? new TestSandbox(api, JsonNode.Parse(text)!.AsObject())
            : throw new InvalidOperationException($"create: {(int)answer.StatusCode} {text}");
    }

    /// <summary>One that somebody else has made, from the answer to whatever made it.</summary>
    public static TestSandbox Of(HttpClient api, JsonObject created) => new(api, created);

    /// <summary>A verb of it.</summary>
    public Task<HttpResponseMessage> PostAsync(string verb, object? body = null) => _api.PostAsJsonAsync($"/sandboxes/{Id}/{verb}", body ?? new { });

    public async Task PauseAsync(bool withMemory = true) => await ExpectAsync(await PostAsync("pause", new { memory = withMemory }), System.Net.HttpStatusCode.NoContent);

    public async Task ResumeAsync() => await ExpectAsync(await PostAsync("connect", new { timeout = 600 }), System.Net.HttpStatusCode.Created);

    /// <summary>Copies of it, running.</summary>
    public async Task<TestSandbox[]> ForkAsync(int count)
    {
        using var answer = await PostAsync("fork", new { count, timeout = 600 });
        var text = await answer.Content.ReadAsStringAsync();
        return answer.StatusCode == System.Net.HttpStatusCode.Created
            ? [.. JsonNode.Parse(text)!.AsArray().Select(child => Of(_api, (child!["sandbox"] ?? throw new InvalidOperationException(text)).AsObject()))]
            : throw new InvalidOperationException($"fork: {(int)answer.StatusCode} {text}");
    }

    /// <summary>What the API says of it.</summary>
    public async Task<JsonObject> DetailAsync()
    {
        using var answer = await _api.GetAsync($"/sandboxes/{Id}");
        var text = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode ? JsonNode.Parse(text)!.AsObject() : throw new InvalidOperationException($"details: {(int)answer.StatusCode} {text}");
    }

    /// <summary>A request to one of its ports, as somebody who knows its id would send it.</summary>
    public async Task<HttpResponseMessage> GetAsync(int port, string path = "/", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("E2b-Sandbox-Id", Id);
        request.Headers.Add("E2b-Sandbox-Port", $"{port}");
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return await Traffic.SendAsync(request);
    }

    /// <returns>What to make others from.</returns>
    public async Task<string> SnapshotAsync()
    {
        using var answer = await PostAsync("snapshots");
        var text = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode ? (string)JsonNode.Parse(text)!["snapshotID"]! : throw new InvalidOperationException($"snapshot: {(int)answer.StatusCode} {text}");
    }

    /// <returns>running or paused; what came instead where it cannot be found.</returns>
    public async Task<string> StateAsync()
    {
        using var answer = await _api.GetAsync($"/sandboxes/{Id}");
        var text = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode ? (string)JsonNode.Parse(text)!["state"]! : $"{(int)answer.StatusCode} {text}";
    }

    private static async Task ExpectAsync(HttpResponseMessage answer, System.Net.HttpStatusCode status)
    {
        using (answer)
        {
            if (answer.StatusCode != status)
            {
                throw new InvalidOperationException($"{answer.RequestMessage!.RequestUri}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
            }
        }
    }

    /// <summary>Runs shell text to its end.</summary>
    public async Task<SandboxCommandResult> RunAsync(string command, string user = "user", TimeSpan? timeout = null)
    {
        StringBuilder output = new(), error = new();
        ProcessEvent.Types.EndEvent? end = null;
        using var patience = new CancellationTokenSource(timeout ?? TimeSpan.FromMinutes(1));
        await foreach (var message in StartAsync(command, user, patience.Token))
        {
            end = message.Event.End ?? end;
            output.Append(message.Event.Data?.Stdout?.ToStringUtf8());
            error.Append(message.Event.Data?.Stderr?.ToStringUtf8());
        }

        return new SandboxCommandResult(output.ToString(), error.ToString(), end!.ExitCode, end.HasError ? end.Error : null);
    }

    /// <summary>Runs shell text that must succeed, and gives what it printed, without the last line's end.</summary>
    public async Task<string> OutputAsync(string command, string user = "user", TimeSpan? timeout = null)
    {
        var result = await RunAsync(command, user, timeout);
        return result.ExitCode == 0 ? result.Output.TrimEnd('\n') : throw new InvalidOperationException($"exit code {result.ExitCode} {result.EndError}: {command}\n{result.Output}\n{result.Error}");
    }

    /// <summary>Starts shell text and gives its events as they come.</summary>
    public IAsyncEnumerable<StartResponse> StartAsync(string command, string user, CancellationToken cancellationToken)
    {
        var invoker = new UserInvoker(Daemon, user);
        var request = new StartRequest { Process = new ProcessConfig { Cmd = "/bin/bash", Args = { "-l", "-c", command } }, Stdin = false };
        return new ConnectClient(invoker, Daemon.BaseAddress!).ServerStreamingAsync(StartMethod, request, cancellationToken);
    }

    public async Task<int> ProcessCountAsync() => (await _rpc.UnaryAsync(ListMethod, new ListRequest(), CancellationToken.None)).Processes.Count;

    /// <summary>Routes requests to a port of this sandbox by header.</summary>
    public void Address(System.Net.Http.Headers.HttpRequestHeaders headers, int port)
    {
        headers.Add("E2b-Sandbox-Id", Id);
        headers.Add("E2b-Sandbox-Port", $"{port}");
        if (Token is not null && port == EnvdVersion.Port)
        {
            headers.Add("X-Access-Token", Token);
        }
    }

    public async Task<HttpResponseMessage> KillAsync() => await _api.DeleteAsync($"/sandboxes/{Id}");

    public async ValueTask DisposeAsync()
    {
        (await KillAsync()).Dispose();
        Daemon.Dispose();
    }

    private sealed class UserInvoker(HttpClient http, string user) : HttpMessageInvoker(new SocketsHttpHandler())
    {
        public override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(user + ":")));
            return http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
    }
}
