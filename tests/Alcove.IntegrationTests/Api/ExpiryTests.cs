using System.Net;
using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Api;

public sealed class ExpiryTests(Installation installation)
{
    [Fact]
    public async Task Expiry_EndsTheSandbox_AndLeavesNothing()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api, new { timeout = 2 });

        await Eventually.TrueAsync(async () => (await installation.Api.GetAsync($"/sandboxes/{sandbox.Id}")).StatusCode == HttpStatusCode.NotFound, TimeSpan.FromSeconds(10));
        await Eventually.TrueAsync(async () => (int)(await sandbox.Daemon.GetAsync("/health")).StatusCode == 502, TimeSpan.FromSeconds(5));
        await Eventually.HoldsAsync(() => Residue.OfAsync([sandbox.Id]), found => found.Length == 0, TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Expiry_AlsoComes_WhenTheServerWasAwayAtTheTime()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api, new { timeout = 2 });

        await installation.Server.KillAsync();
        await Task.Delay(TimeSpan.FromSeconds(2.5), TestContext.Current.CancellationToken);
        await installation.Server.StartAsync(TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, (await installation.Api.GetAsync($"/sandboxes/{sandbox.Id}", TestContext.Current.CancellationToken)).StatusCode);
        await Eventually.HoldsAsync(() => Residue.OfAsync([sandbox.Id]), found => found.Length == 0, TimeSpan.FromSeconds(20));
    }
}
