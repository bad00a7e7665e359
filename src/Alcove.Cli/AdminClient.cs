using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Alcove.Protocol.Admin;

namespace Alcove.Cli;

/// <summary>Calls the server's admin routes with the installation's admin token.</summary>
internal sealed class AdminClient(HttpClient http) : IDisposable
{
    public const string TokenHeader = "X-Admin-Token";

    /// <exception cref="CommandException">The server is not there, or refuses.</exception>
    public Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type) => SendAsync(new HttpRequestMessage(HttpMethod.Get, path), type);

    /// <exception cref="CommandException">The server is not there, or refuses.</exception>
    public Task<T> SendAsync<TBody, T>(HttpMethod method, string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<T> type) =>
        SendAsync(new HttpRequestMessage(method, path) { Content = JsonContent.Create(body, bodyType) }, type);

    /// <exception cref="CommandException">The server is not there, or refuses.</exception>
    public async Task DeleteAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, path);
        using var answer = await SendAsync(request);
    }

    /// <summary>A team by slug or id.</summary>
    /// <exception cref="CommandException">There is none.</exception>
    public async Task<AdminTeam> TeamAsync(string name)
    {
        var teams = await GetAsync("/admin/teams", AdminJson.Default.AdminTeamArray);
        return teams.FirstOrDefault(team => team.Slug == name || team.TeamID.ToString() == name)
            ?? throw new CommandException($"there is no team '{name}': `alcove team list` shows those that are");
    }

    public void Dispose() => http.Dispose();

    private async Task<T> SendAsync<T>(HttpRequestMessage request, JsonTypeInfo<T> type)
    {
        using (request)
        {
            using var answer = await SendAsync(request);
            return await answer.Content.ReadFromJsonAsync(type) ?? throw new CommandException($"the server answered {request.Method} {request.RequestUri} with nothing");
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request)
    {
        HttpResponseMessage answer;
        try
        {
            answer = await http.SendAsync(request);
        }
        catch (HttpRequestException e) when (e.InnerException is SocketException)
        {
            throw new CommandException($"the server does not answer at {http.BaseAddress}: start it with `make up`");
        }

        if (answer.IsSuccessStatusCode)
        {
            return answer;
        }

        using (answer)
        {
            throw new CommandException(Explain((int)answer.StatusCode, await answer.Content.ReadAsStringAsync()), (int)answer.StatusCode);
        }
    }

    private string Explain(int status, string body) => status == 401
        ? $"the server at {http.BaseAddress} does not know this installation's admin token, so it belongs to another one: ALCOVE_HOME says which is meant"
        : Message(body) ?? $"the server answered with status {status}; its log says more";

    /// <summary>What an error body says, without the words that only writers of requests need.</summary>
    private static string? Message(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var message = document.RootElement.TryGetProperty("message", out var text) ? text.GetString() : null;
            return message?[(message.LastIndexOf("has an error: ", StringComparison.Ordinal) is >= 0 and var at ? at + "has an error: ".Length : 0)..];
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
