using Alcove.Control.Storage;
using Alcove.Control.Teams;
using Alcove.Tests.Server.Hosting;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Alcove.Tests.Server.Auth;

/// <summary>Who may do what.</summary>
public sealed class AuthenticationTests(ApiHost host) : IClassFixture<ApiHost>
{
    [Theory]
    [InlineData("", "authorization header is missing")]
    [InlineData("abc", "authorization header is malformed")]
    [InlineData("e2b_xyz", "Invalid API key, please visit https://e2b.dev/docs/api-key for more information.\nInvalid API key format")]
    [InlineData("e2b_00", "Invalid API key, please visit https://e2b.dev/docs/api-key for more information.\nCannot get the team for the given API key")]
    public async Task BadKey_WinsOverABadBodyAndAMissingSandbox(string key, string message)
    {
        (await host.SendAsync("POST", "/sandboxes", "[", key)).ExpectError(401, message);
        (await host.SendAsync("DELETE", "/sandboxes/inosuch", null, key)).ExpectError(401, message);
        (await host.SendAsync("POST", "/sandboxes/inosuch/pause", null, key)).ExpectError(401, message);
    }

    [Fact]
    public async Task Routes_UnknownOrGone_AnswerInJson()
    {
        (await host.SendAsync("GET", "/nosuch")).ExpectError(404, "no route");
        (await host.SendAsync("GET", "/instances/x")).ExpectError(400, "Endpoints are deprecated, please update your SDK to use the new endpoints.");
        (await host.SendAsync("GET", "/envs")).ExpectError(400, "Endpoints are deprecated");
        var health = await host.SendAsync("GET", "/health", key: string.Empty);
        Assert.Equal((200, "Health check successful"), (health.Status, health.Text));
    }

    [Fact]
    public async Task WellKnownCredentials_FromAnotherSitesPage_AreRefused()
    {
        (await host.SendAsync("GET", "/sandboxes", null, null, ("Origin", "https://site.example"))).ExpectError(403, "The key that everybody knows");
        (await host.SendAsync("GET", "/teams", null, string.Empty, ("Authorization", $"Bearer {WellKnown.AccessToken}"), ("Origin", "https://site.example"))).ExpectError(403, "The key that everybody knows");
        (await host.SendAsync("GET", "/sandboxes", null, null, ("Origin", "http://localhost:5173"))).Expect(200);
    }

    [Fact]
    public async Task Teams_ByAccessToken_GiveAKeyThatWorks()
    {
        var team = Assert.Single((await host.SendAsync("GET", "/teams", null, string.Empty, ("Authorization", $"Bearer {WellKnown.AccessToken}"))).Expect(200).AsArray())!;
        Assert.True((bool)team["isDefault"]!);
        (await host.SendAsync("GET", "/sandboxes", null, (string)team["apiKey"]!)).Expect(200);
        (await host.SendAsync("GET", "/teams", null, string.Empty, ("Authorization", "Bearer sk_e2b_00"))).ExpectError(401, "Invalid Access token, try to login again by running `e2b auth login`.\n");
    }

    [Fact]
    public async Task DeletedKey_StopsWorkingAtOnce()
    {
        var (team, key) = await host.NewTeamAsync();
        (await host.SendAsync("GET", "/sandboxes", null, key)).Expect(200);
        var listed = Assert.Single((await host.AdminAsync("GET", $"/admin/teams/{team}/api-keys")).Expect(200).AsArray())!;
        Assert.NotNull(listed["lastUsed"]);
        Assert.Null(listed["key"]);
        Assert.Equal(key[^4..], (string)listed["mask"]!["maskedValueSuffix"]!);
        Assert.Equal(204, (await host.AdminAsync("DELETE", $"/admin/teams/{team}/api-keys/{listed["id"]}")).Status);
        (await host.AdminAsync("DELETE", $"/admin/teams/{team}/api-keys/{listed["id"]}")).ExpectError(404, "API key not found");
        (await host.SendAsync("GET", "/sandboxes", null, key)).Expect(401);
    }

    [Fact]
    public async Task BlockedTeam_ReadsAndCleansUpOnly_BannedTeamNothing()
    {
        var (team, key) = await host.NewTeamAsync();
        var id = await host.CreateAsync(key: key);
        await ChangeAsync(team, row => (row.IsBlocked, row.BlockedReason) = (true, "unpaid"));
        (await host.SendAsync("GET", $"/sandboxes/{id}", null, key)).Expect(200);
        (await host.SendAsync("POST", "/v2/sandboxes", """{"templateID":"base"}""", key)).ExpectError(403, "team is blocked: unpaid");
        (await host.SendAsync("POST", "/sandboxes/inosuch/timeout", """{"timeout":1}""", key)).ExpectError(403, "team is blocked: unpaid");
        Assert.Equal(204, (await host.SendAsync("DELETE", $"/sandboxes/{id}", null, key)).Status);
        await ChangeAsync(team, row => row.IsBanned = true);
        (await host.SendAsync("GET", "/sandboxes", null, key)).ExpectError(403, "team is banned");
    }

    [Fact]
    public async Task AdminToken_WithATeam_ActsForIt()
    {
        var (team, key) = await host.NewTeamAsync();
        var id = await host.CreateAsync(key: key);
        Assert.Contains(id, (await host.SendAsync("GET", "/sandboxes", null, string.Empty, ("X-Admin-Token", host.AdminToken), ("X-Team-ID", team))).Text);
        (await host.SendAsync("GET", "/sandboxes", null, string.Empty, ("X-Admin-Token", host.AdminToken), ("X-Team-ID", "x"))).ExpectError(400, "Invalid team ID");
        Assert.Equal(1, (int)(await host.AdminAsync("GET", "/admin/sandboxes/running-counts")).Expect(200)[team]!);
        Assert.Equal(1, (int)(await host.AdminAsync("POST", $"/admin/teams/{team}/sandboxes/kill")).Expect(200)["killedCount"]!);
        (await host.SendAsync("GET", "/admin/teams", null, string.Empty, ("X-Admin-Token", "wrong"))).Expect(401);
    }

    private async Task ChangeAsync(string team, Action<TeamRow> change)
    {
        await using var db = host.Service<Database>().Open();
        var id = Guid.Parse(team);
        change(await db.Teams.SingleAsync(row => row.Id == id));
        await db.SaveChangesAsync();
    }
}
