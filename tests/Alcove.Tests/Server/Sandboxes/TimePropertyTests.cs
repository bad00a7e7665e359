using System.Globalization;
using Alcove.Tests.Server.Hosting;
using CsCheck;
using Xunit;

namespace Alcove.Tests.Server.Sandboxes;

/// <summary>However its end is moved about: never beyond its team's longest life, and never sooner except when that is what was asked.</summary>
public sealed class TimePropertyTests(ApiHost host) : IClassFixture<ApiHost>
{
    private static readonly TimeSpan Longest = TimeSpan.FromHours(2);

    private enum Change
    {
        Set,
        Refresh,
        Connect,
    }

    [Fact]
    public async Task End_AfterAnyChanges_IsWhereTheRulesPutIt()
    {
        var (team, key) = await host.NewTeamAsync();
        (await host.AdminAsync("PATCH", $"/admin/teams/{team}/limits", """{"maxSandboxHours":2}""")).Expect(200);
        await Gen.Select(Gen.Enum<Change>(), Gen.Frequency((5, Gen.Int[30, 7200]), (1, Gen.Int[7201, int.MaxValue])), Gen.Int[0, 20]).Array[1, 8].SampleAsync(changes => WalkAsync(key, changes), iter: 20, threads: 1);
    }

    private async Task WalkAsync(string key, (Change Change, int Seconds, int Pause)[] changes)
    {
        var id = await host.CreateAsync(",\"timeout\":600", key);
        var (start, end) = await TimesAsync(id, key);
        var last = start + Longest;
        foreach (var (change, seconds, pause) in changes)
        {
            host.Time.Advance(TimeSpan.FromSeconds(pause));
            var now = host.Time.GetUtcNow();
            var (path, body, allowed) = change switch
            {
                Change.Set => ("timeout", $$"""{"timeout":{{seconds}}}""", true),
                Change.Refresh => ("refreshes", $$"""{"duration":{{seconds}}}""", seconds <= 3600),
                _ => ("connect", $$"""{"timeout":{{seconds}}}""", seconds <= 7200),
            };
            var status = (await host.SendAsync("POST", $"/sandboxes/{id}/{path}", body, key)).Status;
            Assert.Equal(allowed ? (change == Change.Connect ? 200 : 204) : 400, status);
            var asked = now.AddSeconds(Math.Min(seconds, 100_000));
            asked = asked < last ? asked : last;
            var expected = !allowed ? end : change == Change.Set || asked > end ? asked : end;
            (start, end) = await TimesAsync(id, key);

            // Between reading the clock here and there it stands still, but for the host's own wake-ups.
            Assert.Equal(expected, end, TimeSpan.FromMilliseconds(500));
            Assert.True(end <= last);
            end = expected;
        }

        Assert.Equal(204, (await host.SendAsync("DELETE", $"/sandboxes/{id}", null, key)).Status);
    }

    private async Task<(DateTimeOffset Start, DateTimeOffset End)> TimesAsync(string id, string key)
    {
        var detail = (await host.SendAsync("GET", $"/sandboxes/{id}", null, key)).Expect(200);
        return (Parse((string)detail["startedAt"]!), Parse((string)detail["endAt"]!));

        static DateTimeOffset Parse(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
    }
}
