using Alcove.Control.Nodes;
using Alcove.Control.Sandboxes;
using Alcove.Control.Storage;
using Alcove.Protocol.Sandboxes;
using Alcove.Tests.Server.Hosting;
using CsCheck;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Alcove.Tests.Server.Storage;

/// <summary>What every database must do, from an empty one to the API on top of it.</summary>
public abstract class StorageTests(ApiHost host)
{
    private static readonly Gen<string> Text = Gen.String[Gen.Char.Where(c => c != '\0' && !char.IsSurrogate(c)), 0, 40];
    private static readonly Gen<Dictionary<string, string>> Map = Gen.Dictionary(Text, Gen.OneOf(Text, Gen.Const("\0"), Gen.Const("😀")))[0, 5];
    private static readonly Gen<DateTimeOffset> Microseconds = Gen.Long[0, 4_000_000_000_000_000].Select(us => DateTimeOffset.UnixEpoch.AddTicks(us * TimeSpan.TicksPerMicrosecond));

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Migrations_OnAnEmptyDatabase_MakeWhatTheModelWants()
    {
        await using var db = host.Service<Database>().Open();
        Assert.Empty(await db.Database.GetPendingMigrationsAsync(Cancelled));
        Assert.False(db.Database.HasPendingModelChanges());
    }

    [Fact]
    public async Task Sandboxes_OfAnyContent_ComeBackAsTheyWent() => await Gen.Select(Text, Map, Map, Microseconds, Microseconds, Gen.Bool, Gen.Enum<SandboxStatus>()).SampleAsync(
        async (text, metadata, variables, start, end, flag, status) =>
        {
            var row = new SandboxRow
            {
                Id = SandboxId.New().Value, TeamId = Guid.NewGuid(), TemplateId = text, Alias = flag ? text : null, Status = status, Incarnation = start.Ticks, NodeId = text, Address = flag ? null : "10.11.0.1",
                StartedAt = start, EndAt = end, CpuCount = 2, MemoryMiB = 512, DiskMiB = 5120, EnvdVersion = "0.6.13", IsSecured = flag, AllowInternetAccess = flag ? null : false, AllowPublicTraffic = !flag,
                MaskRequestHost = flag ? "a:${PORT}" : null, HasNetwork = flag, Metadata = metadata, EnvVars = variables, TimeoutSeconds = 15, AutoPause = flag, AutoPauseMemory = !flag, AutoResume = flag,
                CaptureId = flag ? text : null, HasMemory = flag, CaptureBytes = long.MaxValue,
            };
            await ComesBackAsync(row, db => db.Sandboxes.SingleAsync(found => found.Id == row.Id));
            await using var db = host.Service<Database>().Open();
            await db.Sandboxes.Where(found => found.Id == row.Id).ExecuteDeleteAsync(Cancelled);
        },
        iter: 25, threads: 1);

    [Fact]
    public async Task EveryOtherRow_ComesBackAsItWent()
    {
        var (id, time) = (Guid.NewGuid(), new DateTimeOffset(2026, 3, 1, 1, 2, 3, TimeSpan.Zero).AddTicks(4_567_890));
        var name = $"n{id:n}";
        await ComesBackAsync(
            new TeamRow { Id = id, Name = "Käse 😀", Slug = name, CreatedAt = time, ConcurrentSandboxes = 1, MaxSandboxHours = 2, ConcurrentBuilds = 3, MaxCpuCount = 4, MaxMemoryMiB = 5, MaxDiskMiB = 6, IsBanned = true, IsBlocked = true, BlockedReason = "why" },
            db => db.Teams.SingleAsync(row => row.Id == id));
        await ComesBackAsync(new ApiKeyRow { Id = id, TeamId = id, Name = "k", Hash = name, MaskedPrefix = "ab", MaskedSuffix = "cdef", ValueLength = 40, CreatedAt = time, LastUsed = null }, db => db.ApiKeys.SingleAsync(row => row.Id == id));
        await ComesBackAsync(new AccessTokenRow { Id = id, UserId = id, TeamId = id, Name = "t", Hash = name, CreatedAt = time }, db => db.AccessTokens.SingleAsync(row => row.Id == id));
        await ComesBackAsync(
            new TemplateRow { Id = name, TeamId = id, Alias = name, IsPublic = true, BuildId = id, Digest = "d", CpuCount = 1, MemoryMiB = 2, DiskMiB = 3, EnvdVersion = "0.6.13", CreatedAt = time, UpdatedAt = time },
            db => db.Templates.SingleAsync(row => row.Id == name));
        await ComesBackAsync(new SnapshotRow { Id = name, TeamId = id, Alias = null, SandboxId = "i1", CreatedAt = time }, db => db.Snapshots.SingleAsync(row => row.Id == name));
        await ComesBackAsync(
            new SnapshotBuildRow { Id = id, SnapshotId = name, Tag = "default", NodeId = "n", CaptureId = "c", Bytes = 1L << 40, CpuCount = 1, MemoryMiB = 2, DiskMiB = 3, EnvdVersion = "0.6.13", CreatedAt = time },
            db => db.SnapshotBuilds.SingleAsync(row => row.Id == id));
        await ComesBackAsync(new NodeRow { Id = name, Standing = NodeStanding.Standby, ChangedAt = time }, db => db.Nodes.SingleAsync(row => row.Id == name));
        await ComesBackAsync(new SandboxEventRow { SandboxId = name, TeamId = id, At = time, Kind = "paused", Message = "with\nlines" }, db => db.SandboxEvents.SingleAsync(row => row.SandboxId == name));
    }

    [Fact]
    public async Task Flow_CreateListPageRestartKill_IsTheSameOnEveryDatabase()
    {
        var (team, key) = await host.NewTeamAsync();
        var made = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            // Less than a microsecond apart: the id decides then.
            host.Time.Advance(TimeSpan.FromTicks(4));
            made.Add(await host.CreateAsync($$$""","metadata":{"n":"{{{i}}}","ü":"\u0000"},"timeout":3600""", key));
        }

        var down = await host.WalkAsync("/v2/sandboxes?limit=2", key);
        Assert.Equal(made.Order(), down.Order());
        Assert.Equal(down.AsEnumerable().Reverse(), await host.WalkAsync("/v2/sandboxes?limit=2&order=asc", key));
        await host.RestartAsync();
        Assert.Equal(down, await host.WalkAsync("/v2/sandboxes?limit=2", key));
        var detail = (await host.SendAsync("GET", $"/sandboxes/{made[3]}", null, key)).Expect(200);
        Assert.Equal(("3", "\0"), ((string)detail["metadata"]!["n"]!, (string)detail["metadata"]!["ü"]!));
        var since = Uri.EscapeDataString((string)detail["startedAt"]!);
        Assert.Contains(made[3], await host.WalkAsync($"/v2/sandboxes?startedAfter={since}", key));
        Assert.Equal(204, (await host.SendAsync("POST", $"/sandboxes/{made[0]}/pause", null, key)).Status);
        Assert.Equal([made[0]], await host.WalkAsync("/v2/sandboxes?state=paused", key));
        Assert.Equal(201, (await host.SendAsync("POST", $"/v2/sandboxes/{made[0]}/connect", null, key)).Status);
        Assert.Equal(5, (int)(await host.AdminAsync("GET", "/admin/sandboxes/running-counts")).Expect(200)[team]!);
        foreach (var id in made)
        {
            Assert.Equal(204, (await host.SendAsync("DELETE", $"/sandboxes/{id}", null, key)).Status);
        }

        Assert.Empty(await host.WalkAsync("/v2/sandboxes", key));
    }

    [Fact]
    public async Task Expiry_IsFoundByItsTime()
    {
        var id = await host.CreateAsync(",\"timeout\":5");
        host.Time.Advance(TimeSpan.FromSeconds(6));
        await host.Node.KilledAsync(id);
        await Eventually.HoldsAsync(async () => (await host.SendAsync("DELETE", $"/sandboxes/{id}")).Status == 404);
    }

    [Fact]
    public async Task Names_WithAZeroByte_AreRefusedBeforeADatabaseSeesThem()
    {
        (await host.AdminAsync("POST", "/admin/teams", """{"name":"a\u0000b"}""")).ExpectError(400, "validation error");
        (await host.AdminAsync("POST", "/admin/teams", """{"name":"a","slug":"a\n"}""")).ExpectError(400, "validation error");
        (await host.SendAsync("POST", "/sandboxes", """{"templateID":"base\u0000"}""")).ExpectError(400, "Invalid template reference: ");
        (await host.SendAsync("GET", "/v2/sandboxes?template=a%00")).Expect(200);
        (await host.SendAsync("GET", "/snapshots?sandboxID=a%00")).ExpectError(400, "Invalid sandbox ID");
        (await host.AdminAsync("GET", "/admin/events?sandboxID=%00")).ExpectError(400, "Invalid sandbox ID");
        var token = Convert.ToBase64String("2026-03-01T12:00:00.0000000Z__i\0"u8);
        (await host.SendAsync("GET", $"/v2/sandboxes?nextToken={token}")).ExpectError(400, "Invalid next token");
        (await host.SendAsync("GET", $"/snapshots?nextToken={token}")).ExpectError(400, "Invalid next token");
    }

    private async Task ComesBackAsync<T>(T row, Func<AlcoveDb, Task<T>> find)
        where T : class
    {
        await using (var db = host.Service<Database>().Open())
        {
            db.Add(row);
            await db.SaveChangesAsync(Cancelled);
        }

        await using var again = host.Service<Database>().Open();
        Assert.Equivalent(row, await find(again), strict: true);
    }
}

/// <summary>SQLite, in a file.</summary>
public sealed class SqliteStorageTests(ApiHost host) : StorageTests(host), IClassFixture<ApiHost>;

/// <summary>PostgreSQL, as Debian has it.</summary>
public sealed class PostgresStorageTests(PostgresApiHost host) : StorageTests(host), IClassFixture<PostgresApiHost>;
