using System.Text.RegularExpressions;
using Alcove.Server.Auth;
using Alcove.Tests.Server.Hosting;
using Microsoft.AspNetCore.Routing;
using Xunit;

namespace Alcove.Tests.Server.Auth;

/// <summary>Every route that there is, asked by those who may not.</summary>
public sealed partial class StandingTests(ApiHost host) : IClassFixture<ApiHost>
{
    /// <summary>What a team that is blocked may still do: read, and clean up.</summary>
    private static readonly HashSet<string> ForBlocked =
    [
        "GET /sandboxes", "GET /v2/sandboxes", "GET /sandboxes/metrics", "GET /sandboxes/{id}", "GET /sandboxes/{id}/logs", "GET /v2/sandboxes/{id}/logs", "GET /sandboxes/{id}/metrics", "GET /secrets",
        "GET /secrets/{name}", "GET /snapshots", "GET /teams/{id}/metrics", "GET /teams/{id}/metrics/max", "GET /templates", "GET /v2/templates", "GET /templates/{id}", "GET /templates/{id}/tags",
        "GET /templates/aliases/{alias}", "GET /templates/{id}/builds/{build}/logs", "GET /templates/{id}/builds/{build}/status", "GET /volumes", "GET /volumes/{id}",
        "DELETE /sandboxes/{id}", "DELETE /templates/{id}", "DELETE /templates/tags", "DELETE /volumes/{id}",
    ];

    [Fact]
    public async Task BadKey_OnEveryProtectedRoute_Is401()
    {
        foreach (var (method, route, access) in Routes().Where(route => route.Access != Access.Open))
        {
            foreach (var key in (string[])["e2b_0123456789abcdef", "e2b_no", "other", ""])
            {
                var answer = await host.SendAsync(method, Filled(route), "not json", key);
                Assert.True(answer.Status == 401 && (int)answer.Json!["code"]! == 401, $"{method} {route} as {access} with '{key}': {answer.Status} {answer.Text}");
            }
        }
    }

    [Fact]
    public async Task BlockedTeam_ReadsAndCleansUp_AndNothingElse()
    {
        var (team, key) = await host.NewTeamAsync();
        Assert.Equal("unpaid", (string)(await StandAsync(team, """{"blocked":true,"blockedReason":"unpaid"}""")).Expect(200)["standing"]!["blockedReason"]!);
        var open = new HashSet<string>();
        foreach (var (method, route, _) in Routes().Where(route => route.Access is Access.Team or Access.TeamOrToken))
        {
            var answer = await host.SendAsync(method, Filled(route), null, key);
            if (answer.Status == 403)
            {
                answer.ExpectError(403, "team is blocked: unpaid");
            }
            else
            {
                open.Add($"{method} {route}");
            }
        }

        Assert.Equal(ForBlocked.Order(), open.Order());
        (await StandAsync(team, """{"blocked":false}""")).Expect(200);
        await host.CreateAsync(key: key);
    }

    [Fact]
    public async Task BannedTeam_IsRefusedEverywhere()
    {
        var (team, key) = await host.NewTeamAsync();
        (await StandAsync(team, """{"banned":true}""")).Expect(200);
        foreach (var (method, route, _) in Routes().Where(route => route.Access is Access.Team or Access.TeamOrToken))
        {
            (await host.SendAsync(method, Filled(route), null, key)).ExpectError(403, "team is banned");
        }

        (await StandAsync(team, """{"banned":false}""")).Expect(200);
        (await host.SendAsync("GET", "/sandboxes", null, key)).Expect(200);
    }

    [Fact]
    public async Task Standing_OfWhatCannotBe_SaysWhy()
    {
        (await StandAsync(Guid.NewGuid().ToString(), """{"blocked":true}""")).ExpectError(404, "Team not found");
        var (team, _) = await host.NewTeamAsync();
        (await StandAsync(team, """{"blocked":"yes"}""")).ExpectError(400, "validation error");
        (await StandAsync(team, """{"blocked":true,"blockedReason":"a\nb"}""")).ExpectError(400, "validation error");
    }

    private Task<ApiAnswer> StandAsync(string team, string change) => host.AdminAsync("PATCH", $"/admin/teams/{team}/standing", change);

    private IEnumerable<(string Method, string Route, Access Access)> Routes() =>
        from endpoint in host.Service<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        let access = endpoint.Metadata.GetMetadata<AccessMetadata>()
        where access is not null
        from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []
        select (method, endpoint.RoutePattern.RawText!, access.Access);

    /// <summary>A path of the route, to things that there are not.</summary>
    private static string Filled(string route) => ParameterPattern().Replace(route, match => match.Value.Contains("guid", StringComparison.Ordinal) ? Guid.NewGuid().ToString() : "inosuch");

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex ParameterPattern();
}
