using Alcove.Protocol.Sandboxes;
using Xunit;

namespace Alcove.Tests.Server.Hosting;

/// <summary>What a restart of the server may change: nothing.</summary>
public sealed class RestartTests(ApiHost host) : IClassFixture<ApiHost>
{
    [Fact]
    public async Task Restart_KeepsWhatRuns_LosesWhatIsGone_KillsWhatNobodyOwns_EndsWhatIsDue()
    {
        var kept = await host.CreateAsync(",\"timeout\":3600");
        var lost = await host.CreateAsync(",\"timeout\":3600");
        var due = await host.CreateAsync(",\"timeout\":5");
        var token = host.Routes.Find(SandboxId.Parse(kept))!.EnvdAccessToken;
        host.Node.Runs.TryRemove(lost, out _);
        host.Node.Runs["istranger"] = new() { SandboxId = "istranger", Incarnation = 1, Address = "127.0.0.1" };
        host.Time.Advance(TimeSpan.FromMilliseconds(1));
        await host.RestartAsync();
        host.Time.Advance(TimeSpan.FromSeconds(10));
        await host.Node.KilledAsync("istranger");
        await host.Node.KilledAsync(due);
        await Eventually.HoldsAsync(async () => (await host.SendAsync("GET", $"/sandboxes/{lost}")).Status == 404);
        (await host.SendAsync("GET", $"/sandboxes/{kept}")).Expect(200);
        Assert.Equal(token, host.Routes.Find(SandboxId.Parse(kept))!.EnvdAccessToken);
    }
}
