using System.Net;
using System.Text.Json.Nodes;
using Alcove.Cli;
using Alcove.Tests.Server.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.TestHost;
using Spectre.Console;
using Xunit;

namespace Alcove.Tests.Cli;

/// <summary>What people type, and what they read, against the whole API in memory.</summary>
public sealed class CommandLineTests(ApiHost host) : IClassFixture<ApiHost>
{
    [Theory]
    [InlineData]
    [InlineData("--help")]
    [InlineData("team")]
    [InlineData("key")]
    public async Task Help_OfTheRootAndGroups_ListsTheirCommands(params string[] args)
    {
        var said = await RunAsync(args);

        Assert.Equal(0, said.ExitCode);
        Assert.Contains("Commands:", said.Out, StringComparison.Ordinal);
        Assert.Empty(said.Error);
    }

    [Fact]
    public async Task TeamCreate_ThenList_ShowsTheTeamUnderItsSlug()
    {
        var name = $"Crew [{Guid.NewGuid():n}]";

        var created = await RunAsync("team", "create", name);
        var listed = await RunAsync("team", "list");

        Assert.Equal(0, created.ExitCode);
        var slug = name.ToLowerInvariant().Replace(' ', '-').Replace("[", "", StringComparison.Ordinal).TrimEnd(']');
        Assert.Contains($"alcove key create {slug}", created.Error, StringComparison.Ordinal);
        var row = Assert.Single(listed.Out.Split('\n'), line => line.Contains(name, StringComparison.Ordinal));
        Assert.StartsWith(slug + " ", row, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TeamCreate_SlugThatExists_SaysHowToGiveAnother()
    {
        var said = await RunAsync("team", "create", "Local");

        Assert.Equal(new Said(1, "", "alcove: A team with the slug 'local' exists already: choose another with --slug\n"), said);
    }

    [Fact]
    public async Task TeamCreate_SlugThatCannotBe_SaysWhatItMayConsistOf()
    {
        var said = await RunAsync("team", "create", "x", "--slug", "A B");

        Assert.Equal(new Said(1, "", "alcove: \"slug\" must consist of a-z, 0-9, '-' and '_'\n"), said);
    }

    [Fact]
    public async Task TeamLimits_Changed_AreWhatTheServerHoldsToo()
    {
        var team = await TeamAsync();

        var changed = await RunAsync("team", "limits", team, "--sandboxes", "7", "--hours", "3", "--json");
        var shown = await RunAsync("team", "limits", team);

        var limits = JsonNode.Parse(changed.Out)!["limits"]!;
        Assert.Equal((7, 3, 20), ((int)limits["concurrentSandboxes"]!, (int)limits["maxSandboxHours"]!, (int)limits["concurrentBuilds"]!));
        Assert.Matches(@"running sandboxes +7\b", shown.Out);
        Assert.Matches(@"hours of a sandbox +3\b", shown.Out);
        Assert.Matches(@"memory +8 GiB", shown.Out);
    }

    [Fact]
    public async Task TeamBlockAndBan_AreShown_AndTakenBack()
    {
        var team = await TeamAsync();

        Assert.Contains("blocked: not paid", (await RunAsync("team", "block", team, "--reason", "not paid")).Out, StringComparison.Ordinal);
        Assert.Contains("banned", (await RunAsync("team", "ban", team)).Out, StringComparison.Ordinal);
        await RunAsync("team", "unban", team);
        Assert.Contains("good", (await RunAsync("team", "unblock", team)).Out, StringComparison.Ordinal);
        Assert.Equal(1, (await RunAsync("team", "block", "no-such-team")).ExitCode);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-3")]
    [InlineData("many")]
    [InlineData("99999999999")]
    public async Task TeamLimits_NumberThatCannotBe_NamesTheOptionAndItsBounds(string value)
    {
        var said = await RunAsync("team", "limits", "local", "--sandboxes", value);

        Assert.Equal(new Said(2, "", $"alcove: --sandboxes takes a number from 1 to 10000000, not '{value}'\n`alcove team limits --help` shows how it is used.\n"), said);
    }

    [Theory]
    [InlineData("team", "limits", "nosuch")]
    [InlineData("key", "list", "nosuch")]
    [InlineData("key", "create", "nosuch")]
    [InlineData("key", "revoke", "nosuch", "0123456789")]
    public async Task Team_ThatIsNone_IsNamedWithTheWayToTheOthers(params string[] args) =>
        Assert.Equal(new Said(1, "", "alcove: there is no team 'nosuch': `alcove team list` shows those that are\n"), await RunAsync(args));

    [Fact]
    public async Task KeyCreate_Output_IsTheKeyAloneAndOpensTheApi()
    {
        var team = await TeamAsync();

        var said = await RunAsync("key", "create", team, "--name", "ci");

        Assert.Matches(@"^e2b_[0-9a-f]{40}\n$", said.Out);
        Assert.Contains("not shown again", said.Error, StringComparison.Ordinal);
        Assert.Equal(200, (await host.SendAsync("GET", "/sandboxes", key: said.Out.Trim())).Status);
    }

    [Fact]
    public async Task KeyRevoke_ByTheIdThatTheListShows_TakesThatKeyAlone()
    {
        var team = await TeamAsync();
        var (kept, lost) = ((await RunAsync("key", "create", team, "--name", "kept")).Out.Trim(), (await RunAsync("key", "create", team, "--name", "lost")).Out.Trim());
        var row = (await RunAsync("key", "list", team)).Out.Split('\n').Single(line => line.Contains("lost", StringComparison.Ordinal));
        var id = row.Split(' ')[0];

        var said = await RunAsync("key", "revoke", team, id);

        Assert.Equal(new Said(0, $"Key {id} (lost) of team {team} is revoked.\n", ""), said);
        Assert.Equal((200, 401), ((await host.SendAsync("GET", "/sandboxes", key: kept)).Status, (await host.SendAsync("GET", "/sandboxes", key: lost)).Status));
    }

    [Theory]
    [InlineData("00000000-0000-0000-0000-000000000000")]
    [InlineData("0")]
    [InlineData("")]
    public async Task KeyRevoke_IdThatIsNone_RevokesNothingAndNamesIt(string id)
    {
        var team = await TeamAsync();
        await RunAsync("key", "create", team);

        var said = await RunAsync("key", "revoke", team, id);

        Assert.Equal(new Said(1, "", $"alcove: team {team} has no key '{id}': `alcove key list {team}` shows those it has\n"), said);
        Assert.Single(JsonNode.Parse((await RunAsync("key", "list", team, "--json")).Out)!.AsArray());
    }

    [Fact]
    public async Task Sandboxes_OfEveryTeam_AreShownWholeWithTheirEnds()
    {
        var id = await host.CreateAsync(""","timeout":3000""");

        var shown = await RunAsync("sandboxes");
        var json = JsonNode.Parse((await RunAsync("sandboxes", "--json")).Out)!.AsArray();

        var row = Assert.Single(shown.Out.Split('\n'), line => line.StartsWith(id, StringComparison.Ordinal));
        Assert.Matches(@"Local development +base +running +2 +512 MiB +5 GiB +– +\d+ s ago +in 50 min", row);
        Assert.Contains(json, sandbox => (string)sandbox!["sandboxID"]! == id);
    }

    /// <summary>The stand-in for a node says of every capture that it takes 3000 bytes.</summary>
    [Fact]
    public async Task Sandboxes_Paused_ShowWhatTheyTakeOnDisk()
    {
        var id = await host.CreateAsync();
        (await host.SendAsync("POST", $"/sandboxes/{id}/pause")).ExpectStatus(204);

        var shown = await RunAsync("sandboxes");
        var json = JsonNode.Parse((await RunAsync("sandboxes", "--json")).Out)!.AsArray();

        Assert.Matches(@"paused +2 +512 MiB +5 GiB +3 KiB +\d+ s ago +–", Assert.Single(shown.Out.Split('\n'), line => line.StartsWith(id, StringComparison.Ordinal)));
        Assert.Equal(3000, (int)json.Single(sandbox => (string)sandbox!["sandboxID"]! == id)!["keptBytes"]!);
    }

    [Fact]
    public async Task Snapshots_NamedAndUnnamed_ShowWhatTheyAreStartedByAndTake()
    {
        var id = await host.CreateAsync();
        var unnamed = (string)(await host.SendAsync("POST", $"/sandboxes/{id}/snapshots", "{}")).Expect(201)["snapshotID"]!;
        var named = (string)(await host.SendAsync("POST", $"/sandboxes/{id}/snapshots", """{"name":"warm:v2"}""")).Expect(201)["snapshotID"]!;

        var shown = await RunAsync("snapshots");
        var json = JsonNode.Parse((await RunAsync("snapshots", "--json")).Out)!.AsArray();

        foreach (var snapshot in (string[])[unnamed, named])
        {
            Assert.Matches($@"^{snapshot} +Local development +{id} +3 KiB +\d+ s ago", Assert.Single(shown.Out.Split('\n'), line => line.StartsWith(snapshot + " ", StringComparison.Ordinal)));
            Assert.Equal(3000, (int)json.Single(row => (string)row!["snapshotID"]! == snapshot)!["bytes"]!);
        }

        Assert.Contains("counted for each", shown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_OfOneSandbox_TellItsLifeInOrder()
    {
        var (id, other) = (await host.CreateAsync(), await host.CreateAsync());
        (await host.SendAsync("POST", $"/sandboxes/{id}/pause")).ExpectStatus(204);
        (await host.SendAsync("POST", $"/v2/sandboxes/{id}/connect")).ExpectStatus(201);
        (await host.SendAsync("DELETE", $"/sandboxes/{id}")).ExpectStatus(204);

        var json = JsonNode.Parse((await RunAsync("events", id, "--json")).Out)!.AsArray();
        var newest = await RunAsync("events", id, "--limit", "1");
        var all = await RunAsync("events");

        Assert.Equal(["created", "paused", "resumed", "killed"], json.Select(happened => (string)happened!["kind"]!));
        Assert.Matches($@"2026-03-01 \d\d:\d\d:\d\dZ +{id} +killed +\w", newest.Out);
        Assert.DoesNotContain("created", newest.Out, StringComparison.Ordinal);
        Assert.Contains(other, all.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_LimitThatCannotBe_NamesItsBounds() => Assert.Equal(
        new Said(2, "", "alcove: --limit takes a number from 1 to 10000, not '0'\n`alcove events --help` shows how it is used.\n"), await RunAsync("events", "--limit", "0"));

    [Theory]
    [InlineData("`alcove --help`", "frobnicate")]
    [InlineData("`alcove key list --help`", "key", "list")]
    [InlineData("`alcove team limits --help`", "team", "limits", "local", "--nosuch")]
    public async Task Misuse_IsOneSentenceAndTheWayToHelp(string help, params string[] args)
    {
        var said = await RunAsync(args);

        Assert.Equal((2, ""), (said.ExitCode, said.Out));
        Assert.StartsWith("alcove: ", said.Error, StringComparison.Ordinal);
        Assert.EndsWith($"{help} shows how it is used.\n", said.Error, StringComparison.Ordinal);
        Assert.Equal(2, said.Error.Count(character => character == '\n'));
    }

    [Fact]
    public async Task Server_OfAnotherInstallation_IsNotTakenForThisOne()
    {
        var said = await RunAsync(["team", "list"], token: "another's");

        Assert.Equal(new Said(1, "", "alcove: the server at http://localhost/ does not know this installation's admin token, so it belongs to another one: ALCOVE_HOME says which is meant\n"), said);
    }

    [Fact]
    public async Task Server_ThatIsNotThere_IsNamedWithTheWayToStartIt()
    {
        using var nobody = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        nobody.Start();
        var address = new Uri($"http://127.0.0.1:{((IPEndPoint)nobody.LocalEndpoint).Port}");
        nobody.Stop();

        var said = await RunAsync(["team", "list"], () => new AdminClient(new HttpClient { BaseAddress = address }));

        Assert.Equal(new Said(1, "", $"alcove: the server does not answer at {address}: start it with `make up`\n"), said);
    }

    private async Task<string> TeamAsync()
    {
        var slug = $"t{Guid.NewGuid():n}";
        Assert.Equal(0, (await RunAsync("team", "create", "Team", "--slug", slug)).ExitCode);
        return slug;
    }

    private Task<Said> RunAsync(params string[] args) => RunAsync(args, token: host.AdminToken);

    private Task<Said> RunAsync(string[] args, string token) => RunAsync(args, () =>
    {
        var http = ((TestServer)host.Service<IServer>()).CreateClient();
        http.DefaultRequestHeaders.Add(AdminClient.TokenHeader, token);
        return new AdminClient(http);
    });

    private async Task<Said> RunAsync(string[] args, Func<AdminClient> open)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(output) });
        var surroundings = new Surroundings(new Installation("/nonexistent", new Uri("http://localhost")), open, console, output, error, host.Time);
        var exitCode = await new CommandLine(surroundings).RunAsync(args);
        return new Said(exitCode, output.ToString(), error.ToString());
    }

    private sealed record Said(int ExitCode, string Out, string Error);
}
