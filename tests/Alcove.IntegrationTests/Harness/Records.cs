using Alcove.Control.Storage;
using Microsoft.EntityFrameworkCore;

namespace Alcove.IntegrationTests.Harness;

/// <summary>The server's database, beside the server: what it notes, and what no route can set.</summary>
internal static class Records
{
    /// <summary>What happened to a sandbox, oldest first.</summary>
    public static async Task<string[]> EventsOfAsync(string sandboxId)
    {
        await using var db = Open();
        return await db.SandboxEvents.AsNoTracking().Where(row => row.SandboxId == sandboxId).OrderBy(row => row.Id).Select(row => row.Kind).ToArrayAsync();
    }

    /// <summary>What is said when a bill was not paid.</summary>
    public static async Task BlockAsync(string teamId)
    {
        await using var db = Open();
        await db.Teams.Where(team => team.Id == Guid.Parse(teamId)).ExecuteUpdateAsync(team => team.SetProperty(row => row.IsBlocked, true));
    }

    private static SqliteDb Open() => new(new DbContextOptionsBuilder<SqliteDb>().UseSqlite($"Data Source={Path.Combine(TestHome.Path, "server", "alcove.db")};Pooling=False;Default Timeout=30").Options);
}
