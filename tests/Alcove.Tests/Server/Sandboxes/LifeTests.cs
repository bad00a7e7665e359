using System.Text.Json.Nodes;
using Alcove.Control.Storage;
using Alcove.Tests.Server.Hosting;
using Xunit;

namespace Alcove.Tests.Server.Sandboxes;

/// <summary>Sandboxes that run and sandboxes that are paused, as lists, times and kills see them.</summary>
public sealed class LifeTests(ApiHost host) : IClassFixture<ApiHost>
{
    private static readonly string[] Verbs = ["timeout", "refreshes", "connect", "resume", "pause", "fork", "snapshots"];

    [Fact]
    public async Task Lists_OfRunningAndPaused_PageWithoutLossInEitherOrder()
    {
        var (_, key) = await host.NewTeamAsync();
        var made = new List<string>();
        for (var i = 0; i < 6; i++)
        {
            // Two of them share each moment.
            host.Time.Advance(TimeSpan.FromMicroseconds(i % 2));
            made.Add(await host.CreateAsync(",\"timeout\":3600", key));
        }

        var paused = made.Where((_, i) => i % 3 == 0).ToHashSet();
        foreach (var id in paused)
        {
            Assert.Equal(204, (await host.SendAsync("POST", $"/sandboxes/{id}/pause", null, key)).Status);
        }

        foreach (var (states, expected) in new (string, IEnumerable<string>)[] { ("running,paused", made), ("running", made.Except(paused)), ("paused", paused), ("", made) })
        {
            var down = await host.WalkAsync($"/v2/sandboxes?limit=1&state={states}", key);
            Assert.Equal(expected.Order(), down.Order());
            Assert.Equal(down.AsEnumerable().Reverse(), await host.WalkAsync($"/v2/sandboxes?limit=1&order=asc&state={states}", key));
        }

        var mixed = await host.SendAsync("GET", "/v2/sandboxes?limit=2", null, key);
        Assert.Equal("4", mixed.Headers["X-Total-Running"]);
        var older = (await host.SendAsync("GET", "/sandboxes", null, key)).Expect(200).AsArray();
        Assert.Equal(await host.WalkAsync("/v2/sandboxes?state=running", key), older.Select(Id));
        var newest = (string)older[0]!["startedAt"]!;
        var later = DateTimeOffset.Parse(newest, System.Globalization.CultureInfo.InvariantCulture).AddMicroseconds(1).ToString("O");
        Assert.Contains(Id(older[0]), await host.WalkAsync($"/v2/sandboxes?startedAfter={Uri.EscapeDataString(newest)}", key));
        Assert.Empty(await host.WalkAsync($"/v2/sandboxes?startedAfter={Uri.EscapeDataString(later)}", key));
    }

    [Fact]
    public async Task Pausing_IsInTheListThroughout_AndItsTimeCannotBeChanged()
    {
        var (_, key) = await host.NewTeamAsync();
        var id = await host.CreateAsync(key: key);
        var (begun, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        host.Node.OnCapture = request =>
        {
            begun.TrySetResult();
            return request.SandboxId == id ? goOn.Task : Task.CompletedTask;
        };
        try
        {
            var pausing = host.SendAsync("POST", $"/sandboxes/{id}/pause", null, key);
            await begun.Task.WaitAsync(TestContext.Current.CancellationToken);
            Assert.Equal("paused", (string)Assert.Single((await host.SendAsync("GET", "/v2/sandboxes", null, key)).Expect(200).AsArray())!["state"]!);
            Assert.Empty((await host.SendAsync("GET", "/sandboxes", null, key)).Expect(200).AsArray());
            (await host.SendAsync("POST", $"/sandboxes/{id}/timeout", """{"timeout":60}""", key)).ExpectError(409, $"Sandbox \"{id}\" is being paused");
            (await host.SendAsync("POST", $"/sandboxes/{id}/refreshes", "{}", key)).ExpectError(409, $"Sandbox \"{id}\" is being paused");
            goOn.SetResult();
            Assert.Equal(204, (await pausing).Status);
        }
        finally
        {
            goOn.TrySetResult();
            host.Node.OnCapture = _ => Task.CompletedTask;
        }

        (await host.SendAsync("POST", $"/sandboxes/{id}/timeout", """{"timeout":60}""", key)).ExpectError(404, $"Sandbox \"{id}\" doesn't exist");
        (await host.SendAsync("POST", $"/sandboxes/{id}/refreshes", "{}", key)).ExpectError(404, $"Sandbox \"{id}\" doesn't exist");
    }

    [Fact]
    public async Task TimeoutZero_RemovesOrPauses_AsItsEndShould()
    {
        var killed = await host.CreateAsync();
        var kept = await host.CreateAsync(",\"autoPause\":true");
        Assert.Equal("pause", (string)(await host.SendAsync("GET", $"/sandboxes/{kept}")).Expect(200)["lifecycle"]!["onTimeout"]!);
        foreach (var id in (string[])[killed, kept])
        {
            Assert.Equal(204, (await host.SendAsync("POST", $"/sandboxes/{id}/timeout", """{"timeout":0}""")).Status);
        }

        (await host.SendAsync("GET", $"/sandboxes/{killed}")).Expect(404);
        host.Time.Advance(TimeSpan.FromSeconds(1));
        await host.Node.KilledAsync(killed);
        await host.Node.KilledAsync(kept);
        Assert.Equal("paused", (string)(await host.SendAsync("GET", $"/sandboxes/{kept}")).Expect(200)["state"]!);
        Assert.Equal(204, (await host.SendAsync("DELETE", $"/sandboxes/{kept}")).Status);
    }

    [Fact]
    public async Task Kill_OfWhatIsPausedOrResumed_IsForGood()
    {
        var paused = await host.CreateAsync();
        var resumed = await host.CreateAsync();
        Assert.Equal(204, (await host.SendAsync("POST", $"/sandboxes/{paused}/pause")).Status);
        Assert.Equal(204, (await host.SendAsync("POST", $"/sandboxes/{resumed}/pause")).Status);
        (await host.SendAsync("POST", $"/sandboxes/{resumed}/resume")).Expect(201);
        foreach (var id in (string[])[paused, resumed])
        {
            Assert.Equal(204, (await host.SendAsync("DELETE", $"/sandboxes/{id}")).Status);
            foreach (var (method, path, body) in ((string, string, string?)[])[("DELETE", "", null), ("POST", "/resume", null), ("POST", "/pause", null), ("POST", "/connect", """{"timeout":1}"""), ("GET", "", null)])
            {
                (await host.SendAsync(method, $"/sandboxes/{id}{path}", body)).ExpectError(404, $"Sandbox \"{id}\" doesn't exist or you don't have access to it");
            }

            Assert.DoesNotContain(host.Node.Captures.Values, capture => capture.SandboxId == id);
        }
    }

    [Fact]
    public async Task ClientSuffix_WorksWhereverAnIdDoes()
    {
        var id = await host.CreateAsync() + "-6532622b";
        foreach (var verb in (string[])["GET ", "POST /timeout", "POST /refreshes", "POST /connect", "POST /snapshots", "POST /fork", "POST /pause", "POST /resume", "DELETE "])
        {
            var (method, path) = (verb.Split(' ')[0], verb.Split(' ')[1]);
            var answer = await host.SendAsync(method, $"/sandboxes/{id}{path}", method == "POST" ? """{"timeout":60}""" : null);
            Assert.True(answer.Status < 300, $"{verb}: {answer.Status} {answer.Text}");
        }

        Assert.Equal(404, (await host.SendAsync("POST", $"/v2/sandboxes/{id}/connect")).Status);
    }

    [Fact]
    public async Task ForeignSandbox_PausedOrRunning_IsMissingForEveryVerb()
    {
        var (_, stranger) = await host.NewTeamAsync();
        var running = await host.CreateAsync();
        var paused = await host.CreateAsync();
        Assert.Equal(204, (await host.SendAsync("POST", $"/sandboxes/{paused}/pause")).Status);
        foreach (var id in (string[])[running, paused])
        {
            foreach (var (method, path) in Verbs.Select(verb => ("POST", $"/{verb}")).Append(("GET", "")).Append(("DELETE", "")))
            {
                (await host.SendAsync(method, $"/sandboxes/{id}{path}", method == "POST" ? """{"timeout":60}""" : null, stranger)).ExpectError(404, $"Sandbox \"{id}\" doesn't exist or you don't have access to it");
            }

            (await host.SendAsync("POST", $"/v2/sandboxes/{id}/connect", null, stranger)).ExpectError(404, $"Sandbox \"{id}\" doesn't exist");
            Assert.Equal(204, (await host.SendAsync("DELETE", $"/sandboxes/{id}")).Status);
        }

        Assert.Empty(await host.WalkAsync("/v2/sandboxes", stranger));
    }

    [Fact]
    public async Task Create_FromTemplatesOfAnotherTeam_DependsOnHowItIsNamed()
    {
        var (owner, _) = await host.NewTeamAsync();
        var (_, key) = await host.NewTeamAsync();
        await using (var db = host.Service<Database>().Open())
        {
            foreach (var isPublic in (bool[])[true, false])
            {
                db.Templates.Add(new TemplateRow
                {
                    Id = isPublic ? "apublictemplate00000" : "aprivatetemplate0000", Alias = isPublic ? "theirs" : "hidden", TeamId = Guid.Parse(owner), IsPublic = isPublic, Digest = new string('a', 64), BuildId = Guid.NewGuid(),
                    CpuCount = 2, MemoryMiB = 512, DiskMiB = 5120, EnvdVersion = "0.6.13", CreatedAt = host.Time.GetUtcNow(), UpdatedAt = host.Time.GetUtcNow(),
                });
            }

            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        var slug = (string)(await host.AdminAsync("GET", "/admin/teams")).Expect(200).AsArray().Single(team => (string)team!["teamID"]! == owner)!["slug"]!;
        (await FromAsync("aprivatetemplate0000")).ExpectError(403, "you don't have access to template 'aprivatetemplate0000'");
        (await FromAsync($"{slug}/hidden")).ExpectError(404, $"template '{slug}/hidden' not found");
        (await FromAsync("theirs")).ExpectError(404, "template 'theirs' not found");
        Assert.Equal("apublictemplate00000", (string)(await FromAsync("apublictemplate00000")).Expect(201)["templateID"]!);
        Assert.Equal("apublictemplate00000", (string)(await FromAsync($"{slug.ToUpperInvariant()}/Theirs:DEFAULT")).Expect(201)["templateID"]!);
        (await host.SendAsync("GET", "/templates/aprivatetemplate0000", null, key)).ExpectError(403, "you don't have access to template");
        (await host.SendAsync("GET", "/templates/nosuch", null, key)).ExpectError(404, "Template nosuch not found");
        (await host.SendAsync("GET", $"/templates/aliases/{slug}%2Ftheirs", null, key)).Expect(200);
        (await host.SendAsync("GET", $"/templates/aliases/{slug}%2Fhidden", null, key)).ExpectError(403, "You don't have access to this template alias");
        (await host.SendAsync("GET", $"/templates/aliases/{slug}%2Ftheirs%3Anosuch", null, key)).ExpectError(404, "Template alias");

        Task<ApiAnswer> FromAsync(string reference) => host.SendAsync("POST", "/v2/sandboxes", $$"""{"templateID":"{{reference}}"}""", key);
    }

    [Fact]
    public async Task Templates_AreListedPageByPage_NewestFirst()
    {
        var (team, key) = await host.NewTeamAsync();
        await using (var db = host.Service<Database>().Open())
        {
            foreach (var name in (string[])["paged2", "paged0", "paged1"])
            {
                db.Templates.Add(new TemplateRow
                {
                    Id = name, Alias = name, TeamId = Guid.Parse(team), Digest = new string('a', 64), BuildId = Guid.NewGuid(),
                    CpuCount = 2, MemoryMiB = 512, DiskMiB = 5120, EnvdVersion = "0.6.13", CreatedAt = host.Time.GetUtcNow().AddHours(1), UpdatedAt = host.Time.GetUtcNow(),
                });
            }

            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        var all = await host.WalkAsync("/v2/templates", key, "templateID");
        Assert.Equal(["paged2", "paged1", "paged0"], all[..3]);
        Assert.Contains("base", all);
        Assert.Equal(all, await host.WalkAsync("/v2/templates?limit=1", key, "templateID"));
        (await host.SendAsync("GET", "/v2/templates?nextToken=x", null, key)).ExpectError(400, "Invalid next token");
        (await host.SendAsync("GET", "/v2/templates?limit=101", null, key)).ExpectError(400, "validation error");
    }

    [Fact]
    public async Task Create_ByABuildsId_IsThatBuild()
    {
        var build = (string)(await host.SendAsync("GET", "/templates/base")).Expect(200)["builds"]![0]!["buildID"]!;
        (await host.SendAsync("POST", "/v2/sandboxes", $$"""{"templateID":"base:{{build}}"}""")).Expect(201);
        (await host.SendAsync("POST", "/v2/sandboxes", $$"""{"templateID":"base:{{Guid.NewGuid()}}"}""")).Expect(404);
    }

    [Theory]
    [InlineData("""{"templateID":"base","metadata":{"a":"\ud800"}}""", "validation error")]
    [InlineData("""{"templateID":"base","envVars":{"A":"\u0000"}}""", "validation error")]
    [InlineData("""{"templateID":"base","envVars":{"A=B":"x"}}""", "validation error")]
    [InlineData("""{"templateID":"base","metadata":{"a":null}}""", "validation error")]
    [InlineData("""{"templateID":"base","timeout":4294967296}""", "validation error")]
    [InlineData("""{"templateID":"base","timeout":1.5}""", "validation error")]
    [InlineData("""{"templateID":"base"}{""", "validation error")]
    [InlineData("""{"templateID":"base\n:x"}""", "Invalid template reference: ")]
    [InlineData("""{"templateID":"base","network":{"maskRequestHost":"host\n"}}""", "mask request host is not valid: ")]
    [InlineData("null", "validation error")]
    [InlineData("7", "validation error")]
    public async Task Create_WithOddBodies_Is400(string body, string message) => (await host.SendAsync("POST", "/sandboxes", body)).ExpectError(400, message);

    [Fact]
    public async Task Build_SentAsAForm_IsTooOld()
    {
        (await host.SendAsync("POST", "/templates", "{}")).ExpectError(501, "POST /templates is not supported");
        using var form = new MultipartFormDataContent { { new StringContent("x"), "file", "f" } };
        (await host.SendContentAsync("POST", "/templates", form)).ExpectError(400, "Endpoint deprecated please update your CLI to the latest version");
    }

    private static string Id(JsonNode? sandbox) => (string)sandbox!["sandboxID"]!;
}
