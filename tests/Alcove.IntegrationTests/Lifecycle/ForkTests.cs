using System.Net;
using Alcove.IntegrationTests.Api;
using Alcove.IntegrationTests.Durability;
using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Lifecycle;

/// <summary>Copies of a running sandbox.</summary>
public sealed class ForkTests(Installation installation)
{
    /// <summary>200 MB that answer with a hash of themselves, and can be changed.</summary>
    private const string Holder = """
        import hashlib, http.server, os
        data, piece = bytearray(200 << 20), os.urandom(1 << 20)
        for at in range(0, len(data), len(piece)):
            data[at:at + len(piece)] = piece
        class H(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path != '/':
                    data[:len(self.path)] = self.path.encode()
                body = (hashlib.sha256(data).hexdigest() + ' ' + str(os.getpid())).encode()
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body)
            def log_message(self, *_): pass
        http.server.HTTPServer(('0.0.0.0', 8000), H).serve_forever()
        """;

    private const string Identity = """
        grep -o '"sandboxId":"[^"]*' /run/alcove/host.json | cut -d'"' -f4; echo $E2B_SANDBOX_ID; cat /run/e2b/.E2B_SANDBOX_ID; echo
        cat /proc/sys/kernel/random/boot_id /etc/machine-id; cat /proc/sys/kernel/random/uuid; head -c 16 /dev/urandom | base64
        """;

    [Fact]
    public async Task Fork_OfTen_EachIsItself_HasTheSameData_AndSeesNoOthersWrites()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api, new { secure = true, metadata = new { kept = "yes" } });
        await sandbox.OutputAsync($"cat > holder.py <<'PY'\n{Holder}\nPY\nnohup python3 holder.py >/dev/null 2>&1 & until curl -s -o /dev/null localhost:8000; do sleep 0.05; done; echo shared > file");
        var before = await sandbox.DetailAsync();
        var held = await HeldAsync(sandbox);

        var children = await sandbox.ForkAsync(10);
        try
        {
            TestSandbox[] all = [sandbox, .. children];
            Assert.All(await Task.WhenAll(all.Select(each => HeldAsync(each))), each => Assert.Equal(held, each));
            Assert.All(await Task.WhenAll(all.Select(each => each.OutputAsync("cat file"))), text => Assert.Equal("shared", text));
            await AreThemselvesAsync(all);

            await Task.WhenAll(all.Select((each, index) => each.OutputAsync($"echo {index} > file; curl -s localhost:8000/{index}")));
            Assert.Equal(all.Select((_, index) => $"{index}"), await Task.WhenAll(all.Select(each => each.OutputAsync("cat file"))));
            Assert.Equal(all.Length, (await Task.WhenAll(all.Select(each => HeldAsync(each)))).Distinct().Count());

            Assert.All(children, child => Assert.NotEqual(sandbox.Token, child.Token));
            await AreClosedToOthersAsync(all);
            Assert.Equal(before.ToJsonString(), (await sandbox.DetailAsync()).ToJsonString());
            var detail = await children[0].DetailAsync();
            Assert.Equal(("base", "yes", 600), ((string)detail["templateID"]!, (string)detail["metadata"]!["kept"]!, (int)(PauseTests.Time(detail, "endAt") - PauseTests.Time(detail, "startedAt")).TotalSeconds));
        }
        finally
        {
            await Task.WhenAll(children.Select(child => child.DisposeAsync().AsTask()));
        }
    }

    [Fact]
    public async Task Fork_WithoutACount_IsOne_ThatLastsFifteenSeconds()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);

        var (status, body, _) = await PauseTests.SendAsync(sandbox.Id, "fork");

        Assert.Equal(HttpStatusCode.Created, status);
        await using var child = TestSandbox.Of(installation.Api, Assert.Single(body!.AsArray())!["sandbox"]!.AsObject());
        var detail = await child.DetailAsync();
        Assert.Equal(15, (PauseTests.Time(detail, "endAt") - PauseTests.Time(detail, "startedAt")).TotalSeconds, 0.001);
        Assert.Equal("running", (string)detail["state"]!);
        await child.PauseAsync();
        await child.ResumeAsync();
        Assert.Equal(child.Id, await child.OutputAsync("echo $E2B_SANDBOX_ID"));
    }

    [Theory]
    [InlineData("""{"count":0}""", "validation error")]
    [InlineData("""{"count":101}""", "validation error")]
    [InlineData("""{"count":"two"}""", "validation error")]
    [InlineData("""{"timeout":0}""", "Timeout must be greater than 0")]
    [InlineData("""{"timeout":86401}""", "Timeout cannot be greater than 24 hours")]
    public async Task Fork_OfWhatCannotBe_Is400(string json, string message)
    {
        var (status, body, _) = await PauseTests.SendAsync("izzzzzzzzzzzzzzzzzzzz", "fork", json);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.StartsWith(message, (string)body!["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fork_OfPaused_Is409()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await sandbox.PauseAsync();

        var (status, body, _) = await PauseTests.SendAsync(sandbox.Id, "fork");

        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Equal($"Sandbox '{sandbox.Id}' is paused and cannot be forked; resume it first", (string)body!["message"]!);
    }

    [Fact]
    public async Task Fork_BeyondTheTeamsPlaces_Is429_ForThoseChildrenAlone()
    {
        var (team, key) = await ApiCall.NewTeamAsync();
        await ApiCall.SendAsync(HttpMethod.Patch, $"/admin/teams/{team}/limits", """{"concurrentSandboxes":4}""", null, ("X-Admin-Token", ApiCall.AdminToken));
        var ids = new List<string>();
        for (var count = 0; count < 2; count++)
        {
            ids.Add((string)(await ApiCall.SendAsync(HttpMethod.Post, "/v2/sandboxes", """{"templateID":"base"}""", key)).Body!["sandboxID"]!);
        }

        var (tooMany, refusal, _) = await ApiCall.SendAsync(HttpMethod.Post, $"/sandboxes/{ids[0]}/fork", """{"count":4}""", key);
        Assert.Equal(HttpStatusCode.BadRequest, tooMany);
        Assert.Equal("Count must be lower than the maximum number of concurrent sandboxes (4)", (string)refusal!["message"]!);

        var (status, body, _) = await ApiCall.SendAsync(HttpMethod.Post, $"/sandboxes/{ids[0]}/fork", """{"count":3}""", key);
        Assert.Equal(HttpStatusCode.Created, status);
        var children = body!.AsArray();
        ids.AddRange(children.Where(child => child!["sandbox"] is not null).Select(child => (string)child!["sandbox"]!["sandboxID"]!));
        Assert.Equal((3, 4), (children.Count, ids.Count));
        var error = Assert.Single(children, child => child!["error"] is not null)!["error"]!;
        Assert.Equal(429, (int)error["code"]!);
        Assert.StartsWith("you have reached the maximum number of concurrent E2B sandboxes (4).", (string)error["message"]!, StringComparison.Ordinal);

        foreach (var id in ids)
        {
            Assert.Equal(HttpStatusCode.NoContent, (await ApiCall.SendAsync(HttpMethod.Delete, $"/sandboxes/{id}", null, key)).Status);
        }
    }

    [Fact]
    public async Task Counter_InMemoryAndOnDisk_NeverDiffers_AfterPausesAndInForks()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        var witness = await Witness.StartAsync(sandbox);
        for (var round = 0; round < 5; round++)
        {
            await sandbox.PauseAsync();
            await sandbox.ResumeAsync();
            await witness.IsWellAsync();
            var children = await sandbox.ForkAsync(2);
            try
            {
                foreach (var child in children)
                {
                    await witness.In(child).IsWellAsync();
                }
            }
            finally
            {
                await Task.WhenAll(children.Select(child => child.DisposeAsync().AsTask()));
            }
        }

        await witness.IsWellAsync();
    }

    private static Task<string> HeldAsync(TestSandbox sandbox) => sandbox.OutputAsync("curl -s localhost:8000/");

    /// <summary>Its own id in every place, and boot, machine and randomness that no other has.</summary>
    private static async Task AreThemselvesAsync(TestSandbox[] all)
    {
        var said = await Task.WhenAll(all.Select(async each => (each.Id, Lines: (await each.OutputAsync(Identity)).Split('\n'))));
        Assert.All(said, each => Assert.Equal([each.Id, each.Id, each.Id], each.Lines[..3]));
        foreach (var line in (int[])[3, 4, 5, 6])
        {
            Assert.Equal(all.Length, said.Select(each => each.Lines[line]).Distinct().Count());
        }
    }

    private static async Task AreClosedToOthersAsync(TestSandbox[] all)
    {
        foreach (var (one, other) in all.Zip([.. all.Skip(1), all[0]]))
        {
            using var answer = await one.GetAsync(49983, "/files?path=/etc/hostname", ("X-Access-Token", other.Token!));
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        }
    }
}
