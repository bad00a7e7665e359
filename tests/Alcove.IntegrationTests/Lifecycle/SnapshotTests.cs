using System.Net;
using System.Text.Json.Nodes;
using Alcove.IntegrationTests.Api;
using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Lifecycle;

/// <summary>Snapshots: taken of what runs, started as often as wanted, listed and removed.</summary>
public sealed class SnapshotTests(Installation installation)
{
    [Fact]
    public async Task Snapshot_OfRunning_Is201_AndItGoesOnUnchanged()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await sandbox.OutputAsync("nohup sleep 1000 >/dev/null 2>&1 &");
        var before = await sandbox.DetailAsync();

        await using var snapshot = await Taken.OfAsync(sandbox);

        Assert.Matches("^[a-z0-9]{20}:default$", snapshot.Id);
        Assert.Empty(snapshot.Names);
        Assert.Equal(before.ToJsonString(), (await sandbox.DetailAsync()).ToJsonString());
        Assert.Equal("1", await sandbox.OutputAsync("pgrep -xc sleep"));
    }

    [Fact]
    public async Task Create_FromASnapshot_AnyNumberOfTimes_HasItsFilesAndProcesses_AndAnIdentityOfItsOwn()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await sandbox.OutputAsync("echo then > file; nohup sleep 1000 >/dev/null 2>&1 &");
        await using var snapshot = await Taken.OfAsync(sandbox);
        await sandbox.OutputAsync("echo now > file; pkill -x sleep");

        var made = new List<TestSandbox>();
        try
        {
            for (var count = 0; count < 3; count++)
            {
                made.Add(await TestSandbox.CreateAsync(installation.Api, new { templateID = snapshot.Id, secure = true, envVars = new { GREETING = $"hello {count}" }, metadata = new { count = $"{count}" } }));
                Assert.Equal($"then\n1\nhello {count}\n{made[^1].Id}", await made[^1].OutputAsync("cat file; pgrep -xc sleep; echo $GREETING; echo $E2B_SANDBOX_ID"));
                Assert.Equal(snapshot.Id.Split(':')[0], (string)(await made[^1].DetailAsync())["templateID"]!);
                await made[^1].OutputAsync($"echo {count} > file");
            }

            Assert.Equal(["now", "0", "1", "2"], await Task.WhenAll(((TestSandbox[])[sandbox, .. made]).Select(each => each.OutputAsync("cat file"))));
        }
        finally
        {
            foreach (var each in made)
            {
                await each.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task NamedSnapshot_IsStartedByItsName_AndReplacedByTheNextOfThatName()
    {
        var name = $"named-{Guid.NewGuid():n}";
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await sandbox.OutputAsync("echo first > file");
        await using var first = await Taken.OfAsync(sandbox, name);
        var slug = first.Id.Split('/')[0];
        Assert.Equal($"{slug}/{name}:default", first.Id);
        Assert.Equal([$"{slug}/{name}"], first.Names);
        foreach (var reference in (string[])[name, $"{name}:default", $"{slug}/{name}", first.Id])
        {
            Assert.Equal("first", await ReadAsync(reference));
        }

        await sandbox.OutputAsync("echo second > file");
        await using var second = await Taken.OfAsync(sandbox, name);
        Assert.Equal(first.Id, second.Id);
        Assert.Equal("second", await ReadAsync(name));

        await sandbox.OutputAsync("echo tagged > file");
        await using var tagged = await Taken.OfAsync(sandbox, $"{slug}/{name}:v3");
        Assert.Equal($"{slug}/{name}:v3", tagged.Id);
        Assert.Equal(("tagged", "second"), (await ReadAsync($"{name}:v3"), await ReadAsync(name)));

        Assert.Equal([tagged.Id], await ListAsync($"name={name}"));
        Assert.Equal([$"{slug}/{name}:default"], await ListAsync($"name={name}:default"));
        Assert.Equal([tagged.Id], await ListAsync($"name={slug}/{name}:v3"));
        Assert.Empty(await ListAsync($"name={name}:v4"));
    }

    [Fact]
    public async Task List_FiltersBySandboxAndName_Pages_AndIsTheTeamsOwn()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await using var other = await TestSandbox.CreateAsync(installation.Api);
        await using var one = await Taken.OfAsync(sandbox);
        await using var two = await Taken.OfAsync(sandbox, $"paged-{Guid.NewGuid():n}");
        await using var three = await Taken.OfAsync(sandbox);
        await using var foreign = await Taken.OfAsync(other);
        string[] newestFirst = [three.Id, two.Id, one.Id];

        Assert.Equal(newestFirst, await ListAsync($"sandboxID={sandbox.Id}"));
        Assert.Equal(newestFirst, await ListAsync($"sandboxID={sandbox.Id}-6532622b"));
        Assert.Equal([one.Id], await ListAsync($"name={one.Id}"));
        Assert.Equal([one.Id], await ListAsync($"name={one.Id.Split(':')[0]}"));
        Assert.Empty(await ListAsync($"sandboxID={sandbox.Id}&name={foreign.Id}"));
        Assert.Empty(await ListAsync("sandboxID=izzzzzzzzzzzzzzzzzzzz"));
        Assert.Empty(await ListAsync("name=no-such-name"));

        var seen = new List<string>();
        for (var token = string.Empty; ; )
        {
            var (status, page, answer) = await ApiCall.SendAsync(HttpMethod.Get, $"/snapshots?sandboxID={sandbox.Id}&limit=1{token}");
            Assert.Equal(HttpStatusCode.OK, status);
            seen.Add((string)Assert.Single(page!.AsArray())!["snapshotID"]!);
            if (!answer.Headers.TryGetValues("X-Next-Token", out var next))
            {
                break;
            }

            token = $"&nextToken={next.Single()}";
        }

        Assert.Equal(newestFirst, seen);

        var (_, key) = await ApiCall.NewTeamAsync();
        Assert.Empty((await ApiCall.SendAsync(HttpMethod.Get, "/snapshots", null, key)).Body!.AsArray());
        Assert.Empty((await ApiCall.SendAsync(HttpMethod.Get, $"/snapshots?sandboxID={sandbox.Id}", null, key)).Body!.AsArray());
        Assert.Equal(HttpStatusCode.Forbidden, (await CreateAsync(one.Id, key)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await CreateAsync(two.Id, key)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await ApiCall.SendAsync(HttpMethod.Delete, $"/templates/{one.Id}", null, key)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await ApiCall.SendAsync(HttpMethod.Delete, $"/templates/{Uri.EscapeDataString(two.Id)}", null, key)).Status);
        Assert.Equal(newestFirst, await ListAsync($"sandboxID={sandbox.Id}"));
    }

    [Theory]
    [InlineData("GET", "/snapshots?nextToken=nonsense", null, "Invalid next token")]
    [InlineData("GET", "/snapshots?sandboxID=A-B-C", null, "Invalid sandbox ID")]
    [InlineData("GET", "/snapshots?name=no%20such", null, "Invalid name: ")]
    [InlineData("GET", "/snapshots?name=elsewhere/name", null, "namespace 'elsewhere' must match your team '")]
    [InlineData("GET", "/snapshots?limit=0", null, "")]
    [InlineData("GET", "/snapshots?limit=101", null, "")]
    [InlineData("POST", "/sandboxes/izzzzzzzzzzzzzzzzzzzz/snapshots", """{"name":"no such"}""", "Invalid name: ")]
    [InlineData("POST", "/sandboxes/izzzzzzzzzzzzzzzzzzzz/snapshots", """{"name":"elsewhere/name"}""", "namespace 'elsewhere' must match your team '")]
    [InlineData("POST", "/sandboxes/izzzzzzzzzzzzzzzzzzzz/snapshots", null, "")]
    [InlineData("POST", "/sandboxes/izzzzzzzzzzzzzzzzzzzz/snapshots", """{"name":7}""", "validation error")]
    public async Task WhatCannotBe_Is400(string method, string path, string? json, string message)
    {
        var (status, body, _) = await ApiCall.SendAsync(new HttpMethod(method), path, json);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.StartsWith(message, (string)body!["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delete_RemovesItFromListAndCreate_AndFromTheDisk()
    {
        var name = $"deleted-{Guid.NewGuid():n}";
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await using var snapshot = await Taken.OfAsync(sandbox, name);
        await using var again = await Taken.OfAsync(sandbox, $"{name}:other");
        var copy = await TestSandbox.CreateAsync(installation.Api, new { templateID = name });

        var (used, message, _) = await DeleteAsync(snapshot.Id);
        Assert.Equal(HttpStatusCode.BadRequest, used);
        Assert.Contains("there are running sandboxes using it", (string)message!["message"]!, StringComparison.Ordinal);
        await copy.PauseAsync();
        Assert.Contains("there are paused sandboxes using it", (string)(await DeleteAsync(snapshot.Id)).Body!["message"]!, StringComparison.Ordinal);
        await copy.DisposeAsync();

        Assert.Equal(HttpStatusCode.NoContent, (await DeleteAsync(snapshot.Id)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await DeleteAsync(snapshot.Id)).Status);
        Assert.Empty(await ListAsync($"sandboxID={sandbox.Id}"));
        foreach (var reference in (string[])[name, $"{name}:other"])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await CreateAsync(reference)).Status);
        }

        await Eventually.HoldsAsync(() => PauseTests.CapturesOfAsync(sandbox.Id), left => left.Length == 0, TimeSpan.FromSeconds(20));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Snapshot_SurvivesTheKillOfItsOrigin(bool isPaused)
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await sandbox.OutputAsync("echo kept > file");
        await using var snapshot = await Taken.OfAsync(sandbox);
        if (isPaused)
        {
            await sandbox.PauseAsync();
        }

        (await sandbox.KillAsync()).Dispose();

        Assert.Equal([snapshot.Id], await ListAsync($"sandboxID={sandbox.Id}"));
        Assert.Equal("kept", await ReadAsync(snapshot.Id));
    }

    [Fact]
    public async Task SnapshotsAreNoOrdinaryTemplates_AndPausesNoneAtAll()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await using var snapshot = await Taken.OfAsync(sandbox);
        await sandbox.PauseAsync();

        foreach (var path in (string[])["/templates", "/v2/templates"])
        {
            var (_, body, _) = await ApiCall.SendAsync(HttpMethod.Get, path);
            Assert.DoesNotContain(snapshot.Id.Split(':')[0], body!.ToJsonString(), StringComparison.Ordinal);
        }

        Assert.Equal([snapshot.Id], await ListAsync($"sandboxID={sandbox.Id}"));
        Assert.Equal(HttpStatusCode.NotFound, (await CreateAsync(sandbox.Id)).Status);
    }

    [Fact]
    public async Task SeveralOfOneNewName_AtOnce_AreBuildsOfOneSnapshot()
    {
        var name = $"together-{Guid.NewGuid():n}";
        await using var first = await TestSandbox.CreateAsync(installation.Api);
        TestSandbox[] all = [first, .. await first.ForkAsync(4)];
        try
        {
            var taken = await Task.WhenAll(all.Select(each => Taken.OfAsync(each, name)));

            Assert.Single(taken.Select(each => each.Id).Distinct());
            Assert.Equal([taken[0].Id], await ListAsync($"name={name}"));
            await taken[0].DisposeAsync();
            Assert.Empty(await ListAsync($"name={name}"));
        }
        finally
        {
            await Task.WhenAll(all.Select(each => each.DisposeAsync().AsTask()));
        }
    }

    [Fact]
    public async Task QuickSnapshotForkSnapshot_KeepsDataIntact()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await sandbox.OutputAsync("head -c 3000000 /dev/urandom > data; sha256sum data > sum");
        await using var first = await Taken.OfAsync(sandbox);
        await using var child = Assert.Single(await sandbox.ForkAsync(1));
        await child.OutputAsync("head -c 3000000 /dev/urandom > more; sha256sum more >> sum");
        await using var second = await Taken.OfAsync(child);
        await using var grandchild = await TestSandbox.CreateAsync(installation.Api, new { templateID = second.Id });
        await using var greatgrandchild = Assert.Single(await grandchild.ForkAsync(1));

        Assert.Equal("data: OK", await sandbox.OutputAsync("sha256sum -c sum"));
        foreach (var each in (TestSandbox[])[child, grandchild, greatgrandchild])
        {
            Assert.Equal("data: OK\nmore: OK", await each.OutputAsync("sha256sum -c sum"));
        }

        foreach (var each in (TestSandbox[])[greatgrandchild, grandchild])
        {
            await each.DisposeAsync();
        }
    }

    private static Task<(HttpStatusCode Status, JsonNode? Body, HttpResponseMessage Answer)> CreateAsync(string reference, string key = Installation.ApiKey) =>
        ApiCall.SendAsync(HttpMethod.Post, "/v2/sandboxes", $$"""{"templateID":"{{reference}}"}""", key);

    private static Task<(HttpStatusCode Status, JsonNode? Body, HttpResponseMessage Answer)> DeleteAsync(string reference) =>
        ApiCall.SendAsync(HttpMethod.Delete, $"/templates/{Uri.EscapeDataString(reference)}");

    private static async Task<string[]> ListAsync(string query)
    {
        var (status, body, _) = await ApiCall.SendAsync(HttpMethod.Get, $"/snapshots?{query}");
        Assert.Equal(HttpStatusCode.OK, status);
        return [.. body!.AsArray().Select(snapshot => (string)snapshot!["snapshotID"]!)];
    }

    /// <summary>What a sandbox made from it has in its file.</summary>
    private async Task<string> ReadAsync(string reference)
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api, new { templateID = reference });
        return await sandbox.OutputAsync("cat file");
    }

    /// <summary>A snapshot that goes when the test ends.</summary>
    private sealed record Taken(string Id, string[] Names) : IAsyncDisposable
    {
        public static async Task<Taken> OfAsync(TestSandbox sandbox, string? name = null)
        {
            var (status, body, _) = await PauseTests.SendAsync(sandbox.Id, "snapshots", name is null ? "{}" : $$"""{"name":"{{name}}"}""");
            Assert.True(status == HttpStatusCode.Created, $"{status} {body}");
            return new Taken((string)body!["snapshotID"]!, [.. body["names"]!.AsArray().Select(each => (string)each!)]);
        }

        public async ValueTask DisposeAsync() => await DeleteAsync(Id);
    }
}
