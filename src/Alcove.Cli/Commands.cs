using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Alcove.Protocol.Admin;
using Spectre.Console;

namespace Alcove.Cli;

/// <summary>The commands of <c>alcove</c>.</summary>
internal static class Commands
{
    private static readonly Option<bool> Json = new("--json") { Description = "Print JSON instead of tables.", Recursive = true };
    private static readonly Argument<string> TeamName = new("team") { Description = "Id or slug of the team." };

    public static RootCommand Root() => new("Operates an Alcove installation on this machine: teams, keys, sandboxes.")
    {
        Json,
        new Command("team", "Teams and what they may use.") { CreateTeam(), ListTeams(), TeamLimits() },
        new Command("key", "API keys of a team.") { CreateKey(), ListKeys(), RevokeKey() },
        Sandboxes(),
        Doctor(),
    };

    private static Command CreateTeam()
    {
        var name = new Argument<string>("name") { Description = "What people call it." };
        var slug = new Option<string?>("--slug") { Description = "Its namespace in template names; made from the name unless given." };
        return Act(new Command("create", "Make a team.") { name, slug }, async (parsed, client, output) =>
        {
            var team = await client.SendAsync(HttpMethod.Post, "/admin/teams", new NewTeam(parsed.GetValue(name)!, parsed.GetValue(slug)), AdminJson.Default.NewTeam, AdminJson.Default.AdminTeam);
            output.Show(team, AdminJson.Default.AdminTeam, () => Table([team]));
        });
    }

    private static Command ListTeams() => Act(new Command("list", "Show all teams."), async (_, client, output) =>
    {
        var teams = await client.GetAsync("/admin/teams", AdminJson.Default.AdminTeamArray);
        output.Show(teams, AdminJson.Default.AdminTeamArray, () => Table(teams));
    });

    private static Command TeamLimits()
    {
        var sandboxes = new Option<int?>("--sandboxes") { Description = "Running sandboxes at a time." };
        var hours = new Option<int?>("--hours") { Description = "Longest life of a sandbox." };
        var builds = new Option<int?>("--builds") { Description = "Template builds at a time." };
        var cpus = new Option<int?>("--cpus") { Description = "Processors of a template." };
        var memory = new Option<int?>("--memory") { Description = "Memory of a template, in MiB." };
        var disk = new Option<int?>("--disk") { Description = "Disk of a template, in MiB." };
        return Act(new Command("limits", "Show or change what a team may use.") { TeamName, sandboxes, hours, builds, cpus, memory, disk }, async (parsed, client, output) =>
        {
            var team = await client.TeamAsync(parsed.GetValue(TeamName)!);
            var change = new TeamLimitsChange(parsed.GetValue(sandboxes), parsed.GetValue(hours), parsed.GetValue(builds), parsed.GetValue(cpus), parsed.GetValue(memory), parsed.GetValue(disk));
            if (change != new TeamLimitsChange())
            {
                team = await client.SendAsync(HttpMethod.Patch, $"/admin/teams/{team.TeamID}/limits", change, AdminJson.Default.TeamLimitsChange, AdminJson.Default.AdminTeam);
            }

            output.Show(team, AdminJson.Default.AdminTeam, () => Output.Table("limit", "value")
                .AddRow("running sandboxes", Number(team.Limits.ConcurrentSandboxes))
                .AddRow("hours a sandbox", Number(team.Limits.MaxSandboxHours))
                .AddRow("template builds", Number(team.Limits.ConcurrentBuilds))
                .AddRow("processors", Number(team.Limits.MaxCpuCount))
                .AddRow("memory", $"{team.Limits.MaxMemoryMiB} MiB")
                .AddRow("disk", $"{team.Limits.MaxDiskMiB} MiB"));
        });
    }

    private static Command CreateKey()
    {
        var name = new Option<string>("--name") { Description = "What it is for.", DefaultValueFactory = _ => "alcove key create" };
        return Act(new Command("create", "Make an API key; it is shown this once.") { TeamName, name }, async (parsed, client, output) =>
        {
            var team = await client.TeamAsync(parsed.GetValue(TeamName)!);
            var key = await client.SendAsync(HttpMethod.Post, $"/admin/teams/{team.TeamID}/api-keys", new NewApiKey(parsed.GetValue(name)!), AdminJson.Default.NewApiKey, AdminJson.Default.AdminApiKey);
            output.Show(key, AdminJson.Default.AdminApiKey, () => Output.Table("id", "name", "key (shown this once)").AddRow(key.Id.ToString(), key.Name.EscapeMarkup(), key.Key!));
        });
    }

    private static Command ListKeys() => Act(new Command("list", "Show a team's keys.") { TeamName }, async (parsed, client, output) =>
    {
        var team = await client.TeamAsync(parsed.GetValue(TeamName)!);
        var keys = await client.GetAsync($"/admin/teams/{team.TeamID}/api-keys", AdminJson.Default.AdminApiKeyArray);
        output.Show(keys, AdminJson.Default.AdminApiKeyArray, () =>
        {
            var table = Output.Table("id", "name", "key", "made", "last used");
            foreach (var key in keys)
            {
                table.AddRow(key.Id.ToString(), key.Name.EscapeMarkup(), $"{key.Mask.Prefix}{key.Mask.MaskedValuePrefix}…{key.Mask.MaskedValueSuffix}", Time(key.CreatedAt), key.LastUsed is { } used ? Time(used) : "never");
            }

            return table;
        });
    });

    private static Command RevokeKey()
    {
        var id = new Argument<Guid>("id") { Description = "The key's id, as `alcove key list` shows it." };
        return Act(new Command("revoke", "Take a key back: it stops working at once.") { TeamName, id }, async (parsed, client, output) =>
        {
            var team = await client.TeamAsync(parsed.GetValue(TeamName)!);
            await client.DeleteAsync($"/admin/teams/{team.TeamID}/api-keys/{parsed.GetValue(id)}");
            output.Say($"Key {parsed.GetValue(id)} is revoked.");
        });
    }

    private static Command Sandboxes() => Act(new Command("sandboxes", "Show the sandboxes of all teams."), async (_, client, output) =>
    {
        var sandboxes = await client.GetAsync("/admin/sandboxes", AdminJson.Default.AdminSandboxArray);
        output.Show(sandboxes, AdminJson.Default.AdminSandboxArray, () =>
        {
            var table = Output.Table("sandbox", "team", "template", "state", "cpus", "memory", "disk", "started", "ends");
            foreach (var sandbox in sandboxes)
            {
                table.AddRow(
                    sandbox.SandboxID, sandbox.TeamName.EscapeMarkup(), sandbox.TemplateID, sandbox.State, Number(sandbox.CpuCount), $"{sandbox.MemoryMB} MiB", $"{sandbox.DiskSizeMB} MiB",
                    Time(sandbox.StartedAt), Time(sandbox.EndAt));
            }

            return table;
        });
    });

    /// <summary>The check that <c>make doctor</c> makes, and no other.</summary>
    private static Command Doctor()
    {
        var command = new Command("doctor", "Show what this machine has of what Alcove needs.");
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var script = Path.Combine(AppContext.BaseDirectory, "setup", "doctor.sh");
            using var process = Process.Start(new ProcessStartInfo("bash", parsed.GetValue(Json) ? [script, "--json"] : [script]))!;
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode;
        });
        return command;
    }

    private static Command Act(Command command, Func<ParseResult, AdminClient, Output, Task> act)
    {
        command.SetAction(async (parsed, _) =>
        {
            try
            {
                using var client = AdminClient.Open();
                await act(parsed, client, new Output(AnsiConsole.Console, parsed.GetValue(Json)));
                return 0;
            }
            catch (CommandException e)
            {
                await Console.Error.WriteLineAsync($"alcove: {e.Message}");
                return 1;
            }
        });
        return command;
    }

    private static Table Table(IEnumerable<AdminTeam> teams)
    {
        var table = Output.Table("team", "slug", "id", "running", "of", "hours");
        foreach (var team in teams)
        {
            table.AddRow(team.Name.EscapeMarkup(), team.Slug, team.TeamID.ToString(), Number(team.RunningSandboxes), Number(team.Limits.ConcurrentSandboxes), Number(team.Limits.MaxSandboxHours));
        }

        return table;
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset time) => time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
