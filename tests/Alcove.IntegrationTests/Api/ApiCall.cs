using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Alcove.IntegrationTests.Harness;

namespace Alcove.IntegrationTests.Api;

/// <summary>A plain request and what came back.</summary>
internal static class ApiCall
{
    public static async Task<(HttpStatusCode Status, JsonNode? Body, HttpResponseMessage Answer)> SendAsync(
        HttpMethod method, string path, string? json = null, string? key = Installation.ApiKey, params (string Name, string Value)[] headers)
    {
        using var http = new HttpClient { BaseAddress = new Uri(Installation.ApiUrl) };
        using var request = new HttpRequestMessage(method, path);
        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        }

        if (key is not null)
        {
            request.Headers.Add("X-API-KEY", key);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        var answer = await http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return (answer.StatusCode, text.StartsWith('{') || text.StartsWith('[') ? JsonNode.Parse(text) : null, answer);
    }

    public static string AdminToken { get; } = File.ReadAllText(Path.Combine(TestHome.Path, "secrets", "admin-token")).Trim();

    /// <summary>A team of its own, with a key.</summary>
    public static async Task<(string Id, string Key)> NewTeamAsync()
    {
        var (_, team, _) = await SendAsync(HttpMethod.Post, "/admin/teams", $$"""{"name":"Team {{Guid.NewGuid():n}}"}""", key: null, ("X-Admin-Token", AdminToken));
        var id = (string)team!["teamID"]!;
        var (_, key, _) = await SendAsync(HttpMethod.Post, $"/admin/teams/{id}/api-keys", """{"name":"test"}""", key: null, ("X-Admin-Token", AdminToken));
        return (id, (string)key!["key"]!);
    }
}
