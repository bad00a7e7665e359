using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Alcove.Protocol.Admin;

namespace Alcove.Cli;

/// <summary>A command that cannot go on, in one sentence for the person who typed it.</summary>
internal sealed class CommandException(string message) : Exception(message);

/// <summary>Calls the server's admin routes on this machine with the installation's admin token.</summary>
internal sealed class AdminClient : IDisposable
{
    private readonly HttpClient _http;

    public AdminClient(HttpClient http) => _http = http;

    /// <exception cref="CommandException">The token cannot be read.</exception>
    public static AdminClient Open()
    {
        var home = Environment.GetEnvironmentVariable("ALCOVE_HOME") is { Length: > 0 } path ? path : "/var/lib/alcove";
        var url = Environment.GetEnvironmentVariable("E2B_API_URL") is { Length: > 0 } given ? given : $"http://localhost:{Environment.GetEnvironmentVariable("ALCOVE_API_PORT") ?? "3000"}";
        return new AdminClient(new HttpClient { BaseAddress = new Uri(url), DefaultRequestHeaders = { { "X-Admin-Token", ReadToken(home) } } });
    }

    /// <exception cref="CommandException">The server is not there, or refuses.</exception>
    public async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type) => await SendAsync(new HttpRequestMessage(HttpMethod.Get, path), type);

    /// <exception cref="CommandException">The server is not there, or refuses.</exception>
    public async Task<T> SendAsync<TBody, T>(HttpMethod method, string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<T> type) =>
        await SendAsync(new HttpRequestMessage(method, path) { Content = JsonContent.Create(body, bodyType) }, type);

    /// <exception cref="CommandException">The server is not there, or refuses.</exception>
    public async Task DeleteAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, path);
        using var answer = await SendAsync(request);
    }

    /// <summary>A team by id or slug.</summary>
    /// <exception cref="CommandException">There is none.</exception>
    public async Task<AdminTeam> TeamAsync(string name)
    {
        var teams = await GetAsync("/admin/teams", AdminJson.Default.AdminTeamArray);
        return teams.FirstOrDefault(team => team.Slug == name || team.TeamID.ToString() == name)
            ?? throw new CommandException($"There is no team '{name}'. `alcove team list` shows those that are.");
    }

    public void Dispose() => _http.Dispose();

    private static string ReadToken(string home)
    {
        var file = Path.Combine(home, "secrets", "admin-token");
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CommandException($"{file} does not exist: start Alcove first (make up), or say where it is with ALCOVE_HOME.");
        }
        catch (UnauthorizedAccessException)
        {
            throw new CommandException($"{file} may not be read by {Environment.UserName}: run this with sudo.");
        }
    }

    private async Task<T> SendAsync<T>(HttpRequestMessage request, JsonTypeInfo<T> type)
    {
        using (request)
        {
            using var answer = await SendAsync(request);
            return await answer.Content.ReadFromJsonAsync(type) ?? throw new CommandException("The server answered with nothing.");
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request)
    {
        HttpResponseMessage answer;
        try
        {
            answer = await _http.SendAsync(request);
        }
        catch (HttpRequestException e) when (e.InnerException is SocketException)
        {
            throw new CommandException($"The server does not answer at {_http.BaseAddress}: start it with make up.");
        }

        if (answer.IsSuccessStatusCode)
        {
            return answer;
        }

        var text = await answer.Content.ReadAsStringAsync();
        throw new CommandException(Message(text) ?? $"The server answered with status {(int)answer.StatusCode}.");
    }

    private static string? Message(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.TryGetProperty("message", out var message) ? message.GetString() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
