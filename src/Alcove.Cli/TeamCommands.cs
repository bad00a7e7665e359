using System.CommandLine;
using Alcove.Protocol.Admin;
using Spectre.Console;

namespace Alcove.Cli;

/// <summary><c>alcove team</c>.</summary>
internal static class TeamCommands
{
    private const int MostOfAnything = 10_000_000;

    public static Command Make(CommandLine line) => new("team", "Teams and what they may use.")
    {
        Create(line), List(line), Limits(line),
        Standing(line, "block", "Let a team read and clean up only.", reason => new TeamStandingChange(Blocked: true, BlockedReason: reason), hasReason: true),
        Standing(line, "unblock", "Let a blocked team work again.", _ => new TeamStandingChange(Blocked: false)),
        Standing(line, "ban", "Refuse a team everything.", _ => new TeamStandingChange(Banned: true)),
        Standing(line, "unban", "Let a banned team in again.", _ => new TeamStandingChange(Banned: false)),
    };

    /// <summary>The argument of every command that is about one team.</summary>
    public static Argument<string> Name() => new("team") { Description = "Slug or id of the team." };

    private static Command Create(CommandLine line)
    {
        var name = new Argument<string>("name") { Description = "What people call it." };
        var slug = new Option<string?>("--slug") { Description = "Its short name in commands and template names; made from the name unless given." };
        return line.Act(new Command("create", "Make a team.") { name, slug }, async (parsed, client, output) =>
        {
            try
            {
                var team = await client.SendAsync(
                    HttpMethod.Post, "/admin/teams", new NewTeam(parsed.GetValue(name)!, parsed.GetValue(slug)), AdminJson.Default.NewTeam, AdminJson.Default.AdminTeam);
                output.Show(team, AdminJson.Default.AdminTeam, () => Table([team]));
                output.Remark($"`alcove key create {team.Slug}` makes a key for it.");
            }
            catch (CommandException e) when (e.Status == 409)
            {
                throw new CommandException($"{e.Message}: choose another with --slug");
            }
        });
    }

    private static Command List(CommandLine line) => line.Act(new Command("list", "Show all teams."), async (_, client, output) =>
    {
        var teams = await client.GetAsync("/admin/teams", AdminJson.Default.AdminTeamArray);
        output.Show(teams, AdminJson.Default.AdminTeamArray, () => Table(teams));
    });

    private static Command Limits(CommandLine line)
    {
        var team = Name();
        var sandboxes = Limit("--sandboxes", "Running sandboxes at a time.");
        var hours = Limit("--hours", "Longest life of a sandbox, in hours.");
        var builds = Limit("--builds", "Template builds at a time.");
        var cpus = Limit("--cpus", "Processors of a template.");
        var memory = Limit("--memory", "Memory of a template, in MiB.");
        var disk = Limit("--disk", "Disk of a template, in MiB.");
        return line.Act(new Command("limits", "Show what a team may use, or change it.") { team, sandboxes, hours, builds, cpus, memory, disk }, async (parsed, client, output) =>
        {
            var found = await client.TeamAsync(parsed.GetValue(team)!);
            var change = new TeamLimitsChange(parsed.GetValue(sandboxes), parsed.GetValue(hours), parsed.GetValue(builds), parsed.GetValue(cpus), parsed.GetValue(memory), parsed.GetValue(disk));
            if (change != new TeamLimitsChange())
            {
                found = await client.SendAsync(HttpMethod.Patch, $"/admin/teams/{found.TeamID}/limits", change, AdminJson.Default.TeamLimitsChange, AdminJson.Default.AdminTeam);
            }

            output.Show(found, AdminJson.Default.AdminTeam, () => Table(found.Limits));
        });
    }

    private static Command Standing(CommandLine line, string name, string description, Func<string?, TeamStandingChange> change, bool hasReason = false)
    {
        var team = Name();
        var reason = new Option<string?>("--reason") { Description = "What the team is told." };
        var command = new Command(name, description) { team };
        if (hasReason)
        {
            command.Add(reason);
        }

        return line.Act(command, async (parsed, client, output) =>
        {
            var found = await client.TeamAsync(parsed.GetValue(team)!);
            var changed = await client.SendAsync(
                HttpMethod.Patch, $"/admin/teams/{found.TeamID}/standing", change(hasReason ? parsed.GetValue(reason) : null), AdminJson.Default.TeamStandingChange, AdminJson.Default.AdminTeam);
            output.Show(changed, AdminJson.Default.AdminTeam, () => Table([changed with { RunningSandboxes = found.RunningSandboxes }]));
        });
    }

    private static Option<int?> Limit(string name, string description) => Numbers.Option(name, description, MostOfAnything);

    private static Table Table(IEnumerable<AdminTeam> teams)
    {
        var table = Output.Table("slug", "name", "running", "at most", "hours each", "standing");
        foreach (var team in teams)
        {
            table.AddRow(team.Slug, team.Name.EscapeMarkup(), Output.Number(team.RunningSandboxes), Output.Number(team.Limits.ConcurrentSandboxes), Output.Number(team.Limits.MaxSandboxHours), Standing(team.Standing).EscapeMarkup());
        }

        return table;
    }

    private static string Standing(TeamStanding standing) => standing switch
    {
        { Banned: true } => "banned",
        { Blocked: true, BlockedReason: { Length: > 0 } reason } => $"blocked: {reason}",
        { Blocked: true } => "blocked",
        _ => "good",
    };

    private static Table Table(TeamLimits limits) => Output.Table("limit", "value")
        .AddRow("running sandboxes", Output.Number(limits.ConcurrentSandboxes))
        .AddRow("hours of a sandbox", Output.Number(limits.MaxSandboxHours))
        .AddRow("template builds", Output.Number(limits.ConcurrentBuilds))
        .AddRow("processors", Output.Number(limits.MaxCpuCount))
        .AddRow("memory", Output.Size(limits.MaxMemoryMiB))
        .AddRow("disk", Output.Size(limits.MaxDiskMiB));
}
