using Alcove.Tests.Server.Hosting;

namespace Alcove.Tests.Server.Storage;

/// <summary>The whole API in memory on a real PostgreSQL.</summary>
public sealed class PostgresApiHost : ApiHost
{
    private PostgresCluster? _cluster;

    public override async ValueTask InitializeAsync()
    {
        _cluster = await PostgresCluster.StartAsync();
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _cluster!.DisposeAsync();
    }

    protected override string? Setting(string name) => name == "ALCOVE_DATABASE" ? _cluster!.Connection : null;
}
