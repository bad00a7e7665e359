using Alcove.Tests.Server.Hosting;
using Xunit;

namespace Alcove.Tests.Server.Requests;

/// <summary>What is not there yet says so; what belongs to users of an identity provider wants one.</summary>
public sealed class LaterTests(ApiHost host) : IClassFixture<ApiHost>
{
    [Theory]
    [InlineData("GET /sandboxes/i1/metrics")]
    [InlineData("GET /sandboxes/metrics")]
    [InlineData("GET /sandboxes/i1/logs")]
    [InlineData("GET /v2/sandboxes/i1/logs")]
    [InlineData("PUT /sandboxes/i1/network")]
    [InlineData("GET /teams/t/metrics")]
    [InlineData("GET /teams/t/metrics/max")]
    [InlineData("POST /v3/templates")]
    [InlineData("POST /v2/templates")]
    [InlineData("POST /templates")]
    [InlineData("POST /templates/base")]
    [InlineData("PATCH /templates/base")]
    [InlineData("PATCH /v2/templates/base")]
    [InlineData("POST /templates/base/builds/b")]
    [InlineData("POST /v2/templates/base/builds/b")]
    [InlineData("GET /templates/base/builds/b/status")]
    [InlineData("GET /templates/base/builds/b/logs")]
    [InlineData("GET /templates/base/files/f")]
    [InlineData("POST /templates/tags")]
    [InlineData("DELETE /templates/tags")]
    [InlineData("GET /templates/base/tags")]
    [InlineData("GET /volumes")]
    [InlineData("POST /volumes")]
    [InlineData("GET /volumes/v")]
    [InlineData("DELETE /volumes/v")]
    [InlineData("GET /secrets")]
    [InlineData("POST /secrets")]
    [InlineData("GET /secrets/s")]
    [InlineData("POST /secrets/s")]
    [InlineData("DELETE /secrets/s")]
    public async Task LaterRoute_Is501_SinceA404WouldReadAsGone(string route)
    {
        var (method, path) = (route.Split(' ')[0], route.Split(' ')[1]);
        var answer = await host.SendAsync(method, path, method == "GET" ? null : "{}");
        answer.ExpectError(501, $"{method} ");
        Assert.Equal(path.StartsWith("/secrets", StringComparison.Ordinal), answer.Headers.GetValueOrDefault("Cache-Control") == "no-store");
    }

    [Fact]
    public async Task LaterRoute_OfAdmins_Is501() => (await host.AdminAsync("POST", $"/admin/teams/{Guid.NewGuid()}/builds/cancel")).ExpectError(501, "POST ");

    [Theory]
    [InlineData("GET", "/api-keys")]
    [InlineData("POST", "/api-keys")]
    [InlineData("PATCH", "/api-keys/00000000-0000-4000-8000-000000000000")]
    [InlineData("DELETE", "/api-keys/00000000-0000-4000-8000-000000000000")]
    [InlineData("POST", "/access-tokens")]
    [InlineData("DELETE", "/access-tokens/00000000-0000-4000-8000-000000000000")]
    public async Task RouteOfAnIdentityProvider_Is401_WhateverIsSent(string method, string path)
    {
        (await host.SendAsync(method, path, "{}", string.Empty, ("Authorization", "Bearer eyJhbGciOiJub25lIn0.e30."), ("X-Team-ID", Guid.NewGuid().ToString()))).ExpectError(401, "Invalid auth provider token.\nBackend authentication failed");
        (await host.SendAsync(method, path, "{}")).ExpectError(401, "authorization header is missing");
    }

    [Theory]
    [InlineData("DELETE", "/sandboxes")]
    [InlineData("PUT", "/v2/sandboxes")]
    [InlineData("PATCH", "/sandboxes/i1")]
    public async Task KnownPath_ByAnotherMethod_Is405WithTheErrorBody(string method, string path) => (await host.SendAsync(method, path)).ExpectError(405, $"{method} is not a method of {path}");

    [Fact]
    public async Task Preflight_FromAnySite_NeedsNoKey_AndAnswersExposeWhatClientsRead()
    {
        var preflight = await host.SendAsync(
            "OPTIONS", "/v2/sandboxes", null, string.Empty, ("Origin", "https://site.example"), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "x-api-key,content-type,sdk_runtime"));
        Assert.Equal((204, "*"), (preflight.Status, preflight.Headers["Access-Control-Allow-Origin"]));
        var (_, key) = await host.NewTeamAsync();
        var answer = await host.SendAsync("GET", "/v2/sandboxes", null, key, ("Origin", "https://site.example"));
        Assert.Equal("X-Next-Token,X-Total-Running,RateLimit-Limit,RateLimit-Remaining,RateLimit-Reset,Retry-After", answer.Headers["Access-Control-Expose-Headers"].Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal("*", (await host.SendAsync("GET", "/v2/sandboxes", null, "e2b_00", ("Origin", "https://site.example"))).Headers["Access-Control-Allow-Origin"]);
    }

    [Fact]
    public async Task ConcurrencyRefusal_SaysNothingOfWaiting()
    {
        var (team, key) = await host.NewTeamAsync();
        (await host.AdminAsync("PATCH", $"/admin/teams/{team}/limits", """{"concurrentSandboxes":1}""")).Expect(200);
        await host.CreateAsync(key: key);
        var refused = await host.SendAsync("POST", "/v2/sandboxes", """{"templateID":"base"}""", key);
        refused.ExpectError(429, "you have reached the maximum number of concurrent E2B sandboxes (1).");
        Assert.DoesNotContain("Retry-After", refused.Headers.Keys);
    }
}
