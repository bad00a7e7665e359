using System.Net;
using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Api;

public sealed class AuthTests(Installation installation)
{
    [Theory]
    [InlineData(null, "authorization header is missing")]
    [InlineData("nothing", "authorization header is malformed")]
    [InlineData("e2b_zz", "Invalid API key, please visit https://e2b.dev/docs/api-key for more information.\nInvalid API key format")]
    [InlineData("e2b_0123456789", "Invalid API key, please visit https://e2b.dev/docs/api-key for more information.\nCannot get the team for the given API key")]
    public async Task BadKeys_AreRefused_BeforeAnythingElseIsLookedAt(string? key, string message)
    {
        var (code, body, _) = await ApiCall.SendAsync(HttpMethod.Post, "/sandboxes", "not json", key);

        Assert.Equal(HttpStatusCode.Unauthorized, code);
        Assert.Equal(message, (string)body!["message"]!);
    }

    [Fact]
    public async Task ForeignSandbox_IsNotFound_OnEveryVerb()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        var (_, key) = await ApiCall.NewTeamAsync();

        foreach (var (method, path, json) in ((HttpMethod, string, string?)[])[
            (HttpMethod.Get, string.Empty, null), (HttpMethod.Delete, string.Empty, null), (HttpMethod.Post, "/timeout", """{"timeout":1}"""), (HttpMethod.Post, "/refreshes", "{}"), (HttpMethod.Post, "/connect", """{"timeout":1}""")])
        {
            var (code, _, _) = await ApiCall.SendAsync(method, $"/sandboxes/{sandbox.Id}{path}", json, key);
            Assert.Equal(HttpStatusCode.NotFound, code);
        }

        var (_, list, _) = await ApiCall.SendAsync(HttpMethod.Get, "/v2/sandboxes", null, key);
        Assert.Empty(list!.AsArray());
    }

    [Fact]
    public async Task RevokedKey_StopsWorkingAtOnce()
    {
        var (team, key) = await ApiCall.NewTeamAsync();
        var (_, keys, _) = await ApiCall.SendAsync(HttpMethod.Get, $"/admin/teams/{team}/api-keys", null, null, ("X-Admin-Token", ApiCall.AdminToken));

        Assert.Equal(HttpStatusCode.OK, (await ApiCall.SendAsync(HttpMethod.Get, "/sandboxes", null, key)).Status);
        await ApiCall.SendAsync(HttpMethod.Delete, $"/admin/teams/{team}/api-keys/{(string)keys![0]!["id"]!}", null, null, ("X-Admin-Token", ApiCall.AdminToken));

        Assert.Equal(HttpStatusCode.Unauthorized, (await ApiCall.SendAsync(HttpMethod.Get, "/sandboxes", null, key)).Status);
    }

    [Fact]
    public async Task Teams_OfTheAccessToken_ComeWithAKeyThatWorks()
    {
        var (code, teams, _) = await ApiCall.SendAsync(HttpMethod.Get, "/teams", null, null, ("Authorization", $"Bearer {Installation.AccessToken}"));

        Assert.Equal(HttpStatusCode.OK, code);
        var team = Assert.Single(teams!.AsArray())!;
        Assert.True((bool)team["isDefault"]!);
        Assert.Equal(HttpStatusCode.OK, (await ApiCall.SendAsync(HttpMethod.Get, "/v2/sandboxes", null, (string)team["apiKey"]!)).Status);
    }

    [Theory]
    [InlineData("https://elsewhere.example", HttpStatusCode.Forbidden)]
    [InlineData("http://localhost:5173", HttpStatusCode.OK)]
    [InlineData("http://127.0.0.1:5173", HttpStatusCode.OK)]
    public async Task WellKnownKey_IsForPagesOfThisMachineAlone(string origin, HttpStatusCode status) =>
        Assert.Equal(status, (await ApiCall.SendAsync(HttpMethod.Get, "/v2/sandboxes", null, Installation.ApiKey, ("Origin", origin))).Status);

    [Fact]
    public async Task Admin_WantsItsToken()
    {
        Assert.Equal(HttpStatusCode.Unauthorized, (await ApiCall.SendAsync(HttpMethod.Get, "/admin/teams")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await ApiCall.SendAsync(HttpMethod.Get, "/admin/teams", null, null, ("X-Admin-Token", "wrong"))).Status);
    }

    [Fact]
    public async Task Preflight_NeedsNoKey()
    {
        var (code, _, answer) = await ApiCall.SendAsync(
            HttpMethod.Options, "/v2/sandboxes", null, null, ("Origin", "https://elsewhere.example"), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "x-api-key"));

        Assert.True((int)code < 300);
        Assert.Equal("*", answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
    }
}
