using System.Net;
using System.Text.Json;
using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Node;

/// <summary>What a node finds, and whose it is.</summary>
public sealed class OwnershipTests(Installation installation)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task FirstProcessGone_TheSandboxIsGone_WithAllOfIt()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);

        await Command.ShellAsync($"kill -9 {FirstProcess(sandbox.Id)}");

        await Eventually.HoldsAsync(() => StatusAsync(sandbox.Id), status => status == HttpStatusCode.NotFound, Patience);
        await Eventually.HoldsAsync(() => Residue.OfAsync([sandbox.Id]), found => found.Length == 0, Patience);
    }

    /// <summary>Nobody can tell any more whether it ended by itself or the machine went down: nothing is thrown away.</summary>
    [Fact]
    public async Task FirstProcessGone_WhileNoNodeRuns_ItsDiskIsKept()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await sandbox.RunAsync("echo kept > /home/user/file; sync");

        await installation.Node.KillAsync();
        await Command.ShellAsync($"kill -9 {FirstProcess(sandbox.Id)}");
        await StartNodeAsync();

        await Eventually.HoldsAsync(() => StateAsync(sandbox.Id), state => state == "paused", Patience);
        using var connected = await installation.Api.PostAsync($"/v2/sandboxes/{sandbox.Id}/connect", null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Created, connected.StatusCode);
        Assert.Equal("kept\n", (await sandbox.RunAsync("cat /home/user/file")).Output);
        await sandbox.KillAsync();
        await Eventually.HoldsAsync(() => Residue.OfAsync([sandbox.Id]), found => found.Length == 0, Patience);
    }

    [Fact]
    public async Task NodeKilled_InTheMiddleOfCreates_NothingHalfMadeStays()
    {
        await using var living = await TestSandbox.CreateAsync(installation.Api);
        var creates = Enumerable.Range(0, 8).Select(_ => TryCreateAsync()).ToArray();

        await Eventually.TrueAsync(() => Task.FromResult(Directory.GetDirectories(Path.Combine(TestHome.Path, "sandboxes")).Length > 1), Patience);
        await installation.Node.KillAsync();
        await StartNodeAsync();
        await Task.WhenAll(creates);

        Assert.Equal("still\n", (await living.RunAsync("echo still")).Output);
        await Eventually.TrueAsync(() => Task.FromResult(Manifests().All(manifest => manifest.GetProperty("committed").GetBoolean())), Patience);
        foreach (var id in Manifests().Select(manifest => manifest.GetProperty("spec").GetProperty("sandboxId").GetString()).Where(id => id != living.Id))
        {
            using var killed = await installation.Api.DeleteAsync($"/sandboxes/{id}", TestContext.Current.CancellationToken);
        }

        await Eventually.TrueAsync(() => Task.FromResult(Manifests().Length <= 1), Patience);
    }

    [Fact]
    public void WhatASandboxCouldLeaveOnTheHost_IsForRootAlone() =>
        Assert.All((string[])["run", "pool", "sandboxes"], name =>
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.Combine(TestHome.Path, name))));

    private static int FirstProcess(string id) =>
        Manifests().Single(manifest => manifest.GetProperty("spec").GetProperty("sandboxId").GetString() == id).GetProperty("process").GetProperty("pid").GetInt32();

    private static JsonElement[] Manifests() => [.. Directory.GetDirectories(Path.Combine(TestHome.Path, "sandboxes"))
        .Select(directory => Path.Combine(directory, "manifest.json")).Where(File.Exists).Select(file => JsonElement.Parse(File.ReadAllText(file)))];

    private async Task<string?> StateAsync(string id)
    {
        using var answer = await installation.Api.GetAsync($"/sandboxes/{id}", TestContext.Current.CancellationToken);
        return answer.IsSuccessStatusCode ? JsonElement.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).GetProperty("state").GetString() : null;
    }

    private async Task<HttpStatusCode> StatusAsync(string id)
    {
        using var answer = await installation.Api.GetAsync($"/sandboxes/{id}", TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }

    /// <summary>Starts it, and waits until the server has found it again.</summary>
    private async Task StartNodeAsync()
    {
        await installation.Node.StartAsync(TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync(TryCreateAsync, status => status == HttpStatusCode.Created, Patience);
    }

    private async Task<HttpStatusCode> TryCreateAsync()
    {
        using var answer = await installation.Api.PostAsync("/sandboxes", new StringContent("{\"templateID\":\"base\",\"timeout\":15}", null, "application/json"), CancellationToken.None);
        return answer.StatusCode;
    }
}
