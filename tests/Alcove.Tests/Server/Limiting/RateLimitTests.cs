using Alcove.Server;
using Alcove.Server.Limiting;
using Alcove.Tests.Server.Hosting;
using Xunit;

namespace Alcove.Tests.Server.Limiting;

/// <summary>An API that lets a team send one request a second, three at once, to each route.</summary>
public sealed class LimitedApiHost : ApiHost
{
    protected override string? Setting(string name) => name switch
    {
        "ALCOVE_RATE_LIMIT" => "1",
        "ALCOVE_RATE_BURST" => "3",
        _ => null,
    };
}

/// <summary>How often a team may ask.</summary>
public sealed class RateLimitTests(LimitedApiHost host) : IClassFixture<LimitedApiHost>
{
    [Fact]
    public async Task Limit_OneTooMany_Is429WithWholeSeconds_ForThatTeamAndRouteAlone()
    {
        var (_, key) = await host.NewTeamAsync();
        var answers = new List<ApiAnswer>();
        while (answers.Count < 50 && answers.All(answer => answer.Status != 429))
        {
            answers.Add(await host.SendAsync("GET", $"/sandboxes/i{answers.Count}", null, key));
        }

        var refused = answers[^1];
        refused.ExpectError(429, "Rate limit exceeded");
        Assert.True(int.Parse(refused.Headers["Retry-After"]) >= 1);
        Assert.Equal(("3", "0"), (refused.Headers["RateLimit-Limit"], refused.Headers["RateLimit-Remaining"]));
        Assert.InRange(int.Parse(refused.Headers["RateLimit-Reset"]), 1, 3);
        Assert.True(answers.Count > 3, "three at once are allowed");
        var other = await host.SendAsync("GET", "/sandboxes", null, key);
        Assert.Equal((200, "2"), (other.Status, other.Headers["RateLimit-Remaining"]));
        Assert.DoesNotContain("Retry-After", other.Headers.Keys);
        var (_, stranger) = await host.NewTeamAsync();
        Assert.Equal(404, (await host.SendAsync("GET", "/sandboxes/i1", null, stranger)).Status);
        await Eventually.HoldsAsync(async () => (await host.SendAsync("GET", "/sandboxes/i1", null, key)).Status == 404);
    }

    [Fact]
    public async Task Limit_OfABadKey_IsNotCounted_AndABlockedTeamIsCountedFirst()
    {
        Assert.DoesNotContain("RateLimit-Limit", (await host.SendAsync("GET", "/sandboxes", null, "e2b_00")).Headers.Keys);
        var (team, key) = await host.NewTeamAsync();
        (await host.AdminAsync("PATCH", $"/admin/teams/{team}/standing", """{"blocked":true}""")).Expect(200);
        var blocked = await host.SendAsync("POST", "/sandboxes", "{}", key);
        blocked.ExpectError(403, "team is blocked");
        Assert.Equal("2", blocked.Headers["RateLimit-Remaining"]);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.2, 1)]
    [InlineData(1, 1)]
    [InlineData(1.01, 2)]
    public void WholeSeconds_AreNeverLessThanOneOrThanTheWait(double wait, int seconds) => Assert.Equal(seconds, RouteLimiter.WholeSeconds(TimeSpan.FromSeconds(wait)));

    [Theory]
    [InlineData("ALCOVE_RATE_LIMIT", "0")]
    [InlineData("ALCOVE_RATE_LIMIT", "many")]
    [InlineData("ALCOVE_RATE_BURST", "-1")]
    public void Setting_ThatCannotBe_IsNamed(string name, string value) =>
        Assert.StartsWith($"{name}: '{value}'", Assert.Throws<ArgumentException>(() => ServerOptions.FromEnvironment(asked => asked == name ? value : null)).Message, StringComparison.Ordinal);
}
