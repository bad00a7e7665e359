using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Alcove.Control;
using Alcove.Control.Routing;
using Alcove.Control.Sandboxes;
using Alcove.Control.Secrets;
using Alcove.Control.Teams;
using Alcove.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Alcove.Tests.Server.Hosting;

/// <summary>The whole API in memory: real grains, a real database (an SQLite file unless the settings say otherwise), a real node client; the node and the clock are the test's.</summary>
public class ApiHost : IAsyncLifetime
{
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("alcove-api-");
    private WebApplication? _app;

    internal FakeNode Node { get; private set; } = null!;

    internal FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    internal RouteTable Routes => Service<RouteTable>();

    internal string AdminToken => Service<InstallationSecrets>().AdminToken;

    internal T Service<T>()
        where T : notnull => _app!.Services.GetRequiredService<T>();

    /// <summary>A setting of the server, other than its home.</summary>
    protected virtual string? Setting(string name) => null;

    public virtual async ValueTask InitializeAsync()
    {
        Node = await FakeNode.StartAsync(Path.Combine(_home.FullName, "node.sock"), Time);
        await StartAsync();
    }

    /// <summary>Stops the server and starts it anew on the same database.</summary>
    internal async Task RestartAsync()
    {
        await _app!.DisposeAsync();
        await StartAsync();
    }

    /// <param name="method">For example GET.</param>
    /// <param name="path">With its query, sent as it is.</param>
    /// <param name="body">JSON, or nothing.</param>
    /// <param name="key">An API key; empty for none; null for the seeded one.</param>
    /// <param name="headers">Others.</param>
    internal Task<ApiAnswer> SendAsync(string method, string path, string? body = null, string? key = null, params (string Name, string Value)[] headers) =>
        SendContentAsync(method, path, body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"), key, headers);

    internal async Task<ApiAnswer> SendContentAsync(string method, string path, HttpContent? content, string? key = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (key != string.Empty)
        {
            request.Headers.Add("X-API-Key", key ?? WellKnown.ApiKey);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        request.Content = content;
        using var client = _app!.GetTestClient();
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var isJson = response.Content.Headers.ContentType?.MediaType == "application/json";
        return new ApiAnswer((int)response.StatusCode, text, isJson ? JsonNode.Parse(text) : null, response.Headers.ToDictionary(header => header.Key, header => string.Join(',', header.Value)));
    }

    internal Task<ApiAnswer> AdminAsync(string method, string path, string? body = null) => SendAsync(method, path, body, string.Empty, ("X-Admin-Token", AdminToken));

    /// <summary>Makes a sandbox and returns its id.</summary>
    internal async Task<string> CreateAsync(string fields = "", string? key = null) =>
        (string)(await SendAsync("POST", "/v2/sandboxes", $$"""{"templateID":"base"{{fields}}}""", key)).Expect(201)["sandboxID"]!;

    /// <summary>The ids of a list's sandboxes, or other things, page after page.</summary>
    internal async Task<List<string>> WalkAsync(string path, string key, string id = "sandboxID")
    {
        var ids = new List<string>();
        for (string? token = string.Empty; token is not null;)
        {
            var answer = await SendAsync("GET", token.Length == 0 ? path : $"{path}{(path.Contains('?') ? '&' : '?')}nextToken={Uri.EscapeDataString(token)}", null, key);
            ids.AddRange(answer.Expect(200).AsArray().Select(row => (string)row![id]!));
            token = answer.Headers.GetValueOrDefault("X-Next-Token");
        }

        return ids;
    }

    /// <summary>A new team of its own, and a key to it.</summary>
    internal async Task<(string TeamId, string Key)> NewTeamAsync()
    {
        var team = (string)(await AdminAsync("POST", "/admin/teams", $$"""{"name":"t{{Guid.NewGuid():n}}"}""")).Expect(201)["teamID"]!;
        return (team, (string)(await AdminAsync("POST", $"/admin/teams/{team}/api-keys", """{"name":"k"}""")).Expect(201)["key"]!);
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _app!.DisposeAsync();
        await Node.DisposeAsync();
        _home.Delete(recursive: true);
    }

    private async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseTestServer();
        var options = ServerOptions.FromEnvironment(name => name == "ALCOVE_HOME" ? _home.FullName : Setting(name));
        Directory.CreateDirectory(Path.Combine(options.Home, "server"));
        builder.Services.AddSingleton<TimeProvider>(Time).AddSingleton(options)
            .AddControl(options.Database, InstallationSecrets.Load(options.SecretsDirectory), options.NodeSocket, options.PausedRetention).AddApi();
        var ports = FreePorts();
        builder.Host.UseOrleans(silo => silo.UseSingleSilo(ports[0], ports[1]));
        _app = builder.Build();
        await Service<Seed>().RunAsync(CancellationToken.None);
        await Service<SandboxDirectory>().PublishAllAsync(CancellationToken.None);
        _app.UseApi();
        await _app.StartAsync();
        await Eventually.HoldsAsync(async () =>
        {
            // A watch that begins before the grains do tries again a moment later.
            Time.Advance(TimeSpan.FromMilliseconds(250));
            return (await SendAsync("GET", "/health", key: string.Empty)).Status == 200;
        });
    }

    private static int[] FreePorts()
    {
        var sockets = Enumerable.Range(0, 2).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToArray();
        Array.ForEach(sockets, socket => socket.Start());
        var ports = sockets.Select(socket => ((IPEndPoint)socket.LocalEndpoint).Port).ToArray();
        Array.ForEach(sockets, socket => socket.Dispose());
        return ports;
    }
}

/// <summary>What came back.</summary>
internal sealed record ApiAnswer(int Status, string Text, JsonNode? Json, IReadOnlyDictionary<string, string> Headers)
{
    public string? Message => (string?)Json?["message"];

    public JsonNode Expect(int status)
    {
        ExpectStatus(status);
        return Json!;
    }

    public void ExpectStatus(int status) => Assert.True(Status == status, $"{Status}: {Text}");

    /// <summary>The error body that clients read: its code is the status.</summary>
    public void ExpectError(int status, string message)
    {
        Assert.Equal(status, (int)Expect(status)["code"]!);
        Assert.StartsWith(message, Message!);
    }
}

/// <summary>Waits for what has no event of its own.</summary>
internal static class Eventually
{
    public static async Task HoldsAsync(Func<Task<bool>> condition)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!await condition())
        {
            await timer.WaitForNextTickAsync(patience.Token);
        }
    }
}
