using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Alcove.Control.Storage;

/// <summary>Opens contexts of whichever database the installation has.</summary>
public sealed class Database(Func<AlcoveDb> open)
{
    public AlcoveDb Open() => open();

    /// <summary>Brings the schema up to date.</summary>
    public async Task MigrateAsync(CancellationToken cancellationToken)
    {
        await using var db = open();
        await db.Database.MigrateAsync(cancellationToken);
        if (db is SqliteDb)
        {
            await db.Database.ExecuteSqlRawAsync("PRAGMA journal_mode=WAL;", cancellationToken);
        }
    }
}

/// <summary>Registers the database.</summary>
public static class StorageRegistration
{
    /// <param name="services">Where to.</param>
    /// <param name="connection">A PostgreSQL connection string (<c>Host=…</c>), or the path of an SQLite file.</param>
    public static IServiceCollection AddStorage(this IServiceCollection services, string connection)
    {
        if (connection.Contains("Host=", StringComparison.OrdinalIgnoreCase))
        {
            services.AddPooledDbContextFactory<PostgresDb>(options => options.UseNpgsql(connection));
            return services.AddSingleton(provider => new Database(provider.GetRequiredService<IDbContextFactory<PostgresDb>>().CreateDbContext));
        }

        services.AddPooledDbContextFactory<SqliteDb>(options => options.UseSqlite($"Data Source={connection};Default Timeout=30"));
        return services.AddSingleton(provider => new Database(provider.GetRequiredService<IDbContextFactory<SqliteDb>>().CreateDbContext));
    }
}
