using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Alcove.Control.Storage;

/// <summary>The control plane's memory. One model; a context for each database, since their migrations differ.</summary>
public abstract class AlcoveDb(DbContextOptions options) : DbContext(options)
{
    public DbSet<TeamRow> Teams => Set<TeamRow>();

    public DbSet<ApiKeyRow> ApiKeys => Set<ApiKeyRow>();

    public DbSet<AccessTokenRow> AccessTokens => Set<AccessTokenRow>();

    public DbSet<TemplateRow> Templates => Set<TemplateRow>();

    public DbSet<SandboxRow> Sandboxes => Set<SandboxRow>();

    public DbSet<SnapshotRow> Snapshots => Set<SnapshotRow>();

    public DbSet<SnapshotBuildRow> SnapshotBuilds => Set<SnapshotBuildRow>();

    public DbSet<SandboxEventRow> SandboxEvents => Set<SandboxEventRow>();

    public DbSet<NodeRow> Nodes => Set<NodeRow>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<TeamRow>().HasIndex(team => team.Slug).IsUnique();
        modelBuilder.Entity<ApiKeyRow>().HasIndex(key => key.Hash).IsUnique();
        modelBuilder.Entity<ApiKeyRow>().HasIndex(key => key.TeamId);
        modelBuilder.Entity<AccessTokenRow>().HasIndex(token => token.Hash).IsUnique();
        modelBuilder.Entity<TemplateRow>().HasIndex(template => new { template.TeamId, template.Alias }).IsUnique();
        var sandbox = modelBuilder.Entity<SandboxRow>();
        sandbox.HasIndex(row => new { row.Status, row.EndAt });
        sandbox.HasIndex(row => new { row.TeamId, row.Status, row.StartedAt });
        IsMap(sandbox.Property(row => row.Metadata));
        IsMap(sandbox.Property(row => row.EnvVars)).HasDefaultValueSql("'{}'");
        sandbox.Property(row => row.AutoPauseMemory).HasDefaultValue(true).HasSentinel(true);
        modelBuilder.Entity<SnapshotRow>().HasIndex(snapshot => new { snapshot.TeamId, snapshot.Alias }).IsUnique();
        modelBuilder.Entity<SnapshotBuildRow>().HasIndex(build => new { build.SnapshotId, build.CreatedAt });
        modelBuilder.Entity<SandboxEventRow>().HasIndex(happened => new { happened.SandboxId, happened.Id });
    }

    /// <summary>Words that lead to words, as one column.</summary>
    private static PropertyBuilder<Dictionary<string, string>> IsMap(PropertyBuilder<Dictionary<string, string>> property) => property.HasConversion(
        map => JsonSerializer.Serialize(map, StorageJson.Default.DictionaryStringString),
        text => JsonSerializer.Deserialize(text, StorageJson.Default.DictionaryStringString)!,
        new ValueComparer<Dictionary<string, string>>((a, b) => a!.Count == b!.Count && !a.Except(b).Any(), map => map.Count, map => new Dictionary<string, string>(map)));

    /// <summary>Times are kept as UTC ticks of microseconds in SQLite, which has no type for them; PostgreSQL has one, in microseconds too.</summary>
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        if (Database.IsSqlite())
        {
            configurationBuilder.Properties<DateTimeOffset>().HaveConversion<MicrosecondsConverter>();
        }
    }
}

/// <summary>SQLite, inside the server's process.</summary>
public sealed class SqliteDb(DbContextOptions<SqliteDb> options) : AlcoveDb(options);

/// <summary>PostgreSQL.</summary>
public sealed class PostgresDb(DbContextOptions<PostgresDb> options) : AlcoveDb(options);
