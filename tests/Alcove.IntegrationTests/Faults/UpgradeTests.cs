using System.Text.Json;
using Alcove.Control.Storage;
using Alcove.IntegrationTests.Harness;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace Alcove.IntegrationTests.Faults;

/// <summary>
/// What was started before an upgrade lives on after it, with the very files that it was started from. The older version is a copy of
/// today's under other names, which is what an installation is given by <c>make up</c> too.
/// </summary>
public sealed class UpgradeTests(Installation installation)
{
    private const string OldVersion = "0000000000000000";
    private static readonly string OldLayer = new('0', 64);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static string[] OldFiles => [$"{TestHome.Path}/envd/{OldVersion}", $"{TestHome.Path}/prefix/{OldVersion}", $"{TestHome.Path}/pool/layers/{OldLayer}"];

    private static Task<string> InstallOldFilesAsync() => Command.ShellAsync($"""
        cd {TestHome.Path}
        cp -p templates/base.json template.today
        readlink envd/current >envd.today
        readlink prefix/current >prefix.today
        layer=$(grep -o '"digest":"[0-9a-f]*' templates/base.json | cut -d'"' -f4)
        cp -a envd/$(cat envd.today) envd/{OldVersion}
        cp -a prefix/$(cat prefix.today) prefix/{OldVersion}
        cp -a --reflink=auto pool/layers/$layer pool/layers/{OldLayer}
        ln -sfnT {OldVersion} envd/current
        ln -sfnT {OldVersion} prefix/current
        sed -i "s/$layer/{OldLayer}/" templates/base.json
        """);

    [Fact]
    public async Task DaemonPrefixAndLayerChange_WhatRanOrSleptLivesOnWithItsOwn_ThenTheyGo()
    {
        await InstallOldFilesAsync();
        try
        {
            await RestartAsync(() => Task.CompletedTask);
            await using var running = await TestSandbox.CreateAsync(installation.Api);
            await using var paused = await TestSandbox.CreateAsync(installation.Api);
            foreach (var sandbox in (TestSandbox[])[running, paused])
            {
                Assert.Equal((OldVersion, OldVersion, OldLayer), Used(sandbox));
                await sandbox.RunAsync("echo before > /home/user/file; nohup sleep 1000 >/dev/null 2>&1 &");
            }

            await PostAsync($"/sandboxes/{paused.Id}/pause");
            await InstallTodaysFilesAsync();
            await RestartAsync(CollectAsync);

            await using var fresh = await TestSandbox.CreateAsync(installation.Api);
            Assert.DoesNotContain(OldVersion, Used(fresh).ToString(), StringComparison.Ordinal);
            await PostAsync($"/v2/sandboxes/{paused.Id}/connect");
            foreach (var sandbox in (TestSandbox[])[running, paused])
            {
                Assert.Equal((OldVersion, OldVersion, OldLayer), Used(sandbox));
                Assert.Equal("before\n1\n", (await sandbox.RunAsync("cat /home/user/file; pgrep -xc sleep")).Output);
                await EndAsync(sandbox);
            }

            await RestartAsync(CollectAsync);
            Assert.All(OldFiles, path => Assert.False(Directory.Exists(path), path));
            Assert.Equal("today\n", (await fresh.RunAsync("echo today")).Output);
        }
        finally
        {
            await InstallTodaysFilesAsync();
        }
    }

    [Fact]
    public async Task SchemaChanges_WhatRanAnswersAndCanBeKilled()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api, new { metadata = new { made = "before" } });

        await RestartAsync(WithTheFirstSchemaAsync);

        Assert.Equal("answers\n", (await sandbox.RunAsync("echo answers")).Output);
        var details = await installation.Api.GetStringAsync($"/sandboxes/{sandbox.Id}", TestContext.Current.CancellationToken);
        Assert.Contains("\"before\"", details, StringComparison.Ordinal);
        await EndAsync(sandbox);
    }

    private async Task PostAsync(string path)
    {
        using var answer = await installation.Api.PostAsync(path, null, TestContext.Current.CancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    private static async Task EndAsync(TestSandbox sandbox)
    {
        using var answer = await sandbox.KillAsync();
        answer.EnsureSuccessStatusCode();
        await Eventually.HoldsAsync(() => Residue.OfAsync([sandbox.Id]), found => found.Length == 0, Patience);
    }

    private async Task RestartAsync(Func<Task> meanwhile)
    {
        await installation.Server.StopAsync();
        await installation.Node.StopAsync();
        await meanwhile();
        await installation.Node.StartAsync(TestContext.Current.CancellationToken);
        await installation.Server.StartAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>What <c>make up</c> ends its work on files with.</summary>
    private static Task CollectAsync() => Command.ShellAsync($"ALCOVE_HOME={TestHome.Path} bash {TestHome.Repository}/setup/collect.sh");

    private static Task<string> InstallTodaysFilesAsync() => Command.ShellAsync($"""
        cd {TestHome.Path}
        ln -sfnT $(cat envd.today) envd/current
        ln -sfnT $(cat prefix.today) prefix/current
        cp -p template.today templates/base.json
        """);

    /// <summary>The database as the first version had it: what later ones added is gone.</summary>
    private static async Task WithTheFirstSchemaAsync()
    {
        var options = new DbContextOptionsBuilder<SqliteDb>().UseSqlite($"Data Source={Path.Combine(TestHome.Path, "server", "alcove.db")};Pooling=False").Options;
        await using var database = new SqliteDb(options);
        await database.Database.MigrateAsync(database.Database.GetMigrations().First(), TestContext.Current.CancellationToken);
    }

    /// <summary>Daemon, prefix and layer of a sandbox, as its manifest has them.</summary>
    private static (string? Envd, string? Prefix, string? Layer) Used(TestSandbox sandbox)
    {
        using var manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(TestHome.Path, "sandboxes", sandbox.Id, "manifest.json")));
        var root = manifest.RootElement;
        return (Path.GetFileName(root.GetProperty("envd").GetString()), Path.GetFileName(root.GetProperty("prefix").GetString()), root.GetProperty("spec").GetProperty("layers")[0].GetString());
    }
}
