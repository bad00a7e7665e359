using Alcove.Control.Teams;
using Alcove.Tests.Server.Hosting;
using Xunit;

namespace Alcove.Tests.Server.Auth;

/// <summary>When the well-known key is put into a database.</summary>
public sealed class SeedTests(ApiHost host) : IClassFixture<ApiHost>
{
    [Fact]
    public async Task WellKnownKey_TakenBack_ReturnsOnlyWhenAskedFor()
    {
        var keys = (await host.AdminAsync("GET", $"/admin/teams/{WellKnown.TeamId}/api-keys")).Expect(200).AsArray();
        Assert.Equal(204, (await host.AdminAsync("DELETE", $"/admin/teams/{WellKnown.TeamId}/api-keys/{keys.Single()!["id"]}")).Status);

        await host.Service<Seed>().RunIfEmptyAsync(TestContext.Current.CancellationToken);
        Assert.Equal(401, (await host.SendAsync("GET", "/sandboxes")).Status);

        await host.Service<Seed>().RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal(200, (await host.SendAsync("GET", "/sandboxes")).Status);
    }
}
