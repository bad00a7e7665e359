using System.CommandLine;
using Alcove.Protocol.Admin;
using Spectre.Console;

namespace Alcove.Cli;

/// <summary><c>alcove key</c>.</summary>
internal static class KeyCommands
{
    /// <summary>So much of an id is shown; so much of it, or more, is taken.</summary>
    private const int ShortId = 8;

    public static Command Make(CommandLine line) => new("key", "API keys of a team.") { Create(line), List(line), Revoke(line) };

    private static Command Create(CommandLine line)
    {
        var team = TeamCommands.Name();
        var name = new Option<string>("--name") { Description = "What it is for.", DefaultValueFactory = _ => "alcove key create" };
        return line.Act(new Command("create", "Make an API key and print it, this once.") { team, name }, async (parsed, client, output) =>
        {
            var found = await client.TeamAsync(parsed.GetValue(team)!);
            var key = await client.SendAsync(
                HttpMethod.Post, $"/admin/teams/{found.TeamID}/api-keys", new NewApiKey(parsed.GetValue(name)!), AdminJson.Default.NewApiKey, AdminJson.Default.AdminApiKey);
            output.Show(key, AdminJson.Default.AdminApiKey, key.Key!);
            output.Remark($"Key {Short(key.Id)} of team {found.Slug}. Keep it: it is not shown again.");
        });
    }

    private static Command List(CommandLine line)
    {
        var team = TeamCommands.Name();
        return line.Act(new Command("list", "Show a team's keys.") { team }, async (parsed, client, output) =>
        {
            var found = await client.TeamAsync(parsed.GetValue(team)!);
            var keys = await KeysAsync(client, found);
            output.Show(keys, AdminJson.Default.AdminApiKeyArray, () => Table(keys, output));
            if (keys.Length == 0)
            {
                output.Remark($"Team {found.Slug} has no key: `alcove key create {found.Slug}` makes one.");
            }
        });
    }

    private static Command Revoke(CommandLine line)
    {
        var team = TeamCommands.Name();
        var id = new Argument<string>("id") { Description = $"The key's id as `alcove key list` shows it: {ShortId} characters or more." };
        return line.Act(new Command("revoke", "Take a key back: it stops working at once.") { team, id }, async (parsed, client, output) =>
        {
            var found = await client.TeamAsync(parsed.GetValue(team)!);
            var key = Choose(await KeysAsync(client, found), parsed.GetValue(id)!, found.Slug);
            await client.DeleteAsync($"/admin/teams/{found.TeamID}/api-keys/{key.Id}");
            output.Show(key, AdminJson.Default.AdminApiKey, $"Key {Short(key.Id)} ({key.Name}) of team {found.Slug} is revoked.");
        });
    }

    private static Task<AdminApiKey[]> KeysAsync(AdminClient client, AdminTeam team) => client.GetAsync($"/admin/teams/{team.TeamID}/api-keys", AdminJson.Default.AdminApiKeyArray);

    private static AdminApiKey Choose(AdminApiKey[] keys, string id, string team) =>
        keys.Where(key => id.Length >= ShortId && key.Id.ToString().StartsWith(id, StringComparison.OrdinalIgnoreCase)).ToArray() switch
        {
            [var key] => key,
            [] => throw new CommandException($"team {team} has no key '{id}': `alcove key list {team}` shows those it has"),
            _ => throw new CommandException($"more than one key of team {team} begins with '{id}': `alcove key list {team} --json` shows their whole ids"),
        };

    private static Table Table(AdminApiKey[] keys, Output output)
    {
        var table = Output.Table("id", "name", "key", "made", "last used");
        foreach (var key in keys)
        {
            table.AddRow(
                Short(key.Id), key.Name.EscapeMarkup(), $"{key.Mask.Prefix}{key.Mask.MaskedValuePrefix}…{key.Mask.MaskedValueSuffix}", output.Relative(key.CreatedAt),
                key.LastUsed is { } used ? output.Relative(used) : "never");
        }

        return table;
    }

    private static string Short(Guid id) => id.ToString()[..ShortId];
}
