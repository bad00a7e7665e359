using System.CommandLine;
using Alcove.Protocol.Admin;
using Spectre.Console;

namespace Alcove.Cli;

/// <summary><c>alcove events</c>.</summary>
internal static class EventsCommand
{
    private const int Most = 10_000;

    public static Command Make(CommandLine line)
    {
        var sandbox = new Argument<string?>("sandbox") { Description = "Id of a sandbox; of all unless given.", Arity = ArgumentArity.ZeroOrOne };
        var limit = Numbers.Option("--limit", "How many at most, the newest; 100 unless given.", Most);
        return line.Act(new Command("events", "Show what happened to sandboxes, oldest first.") { sandbox, limit }, async (parsed, client, output) =>
        {
            var query = $"limit={parsed.GetValue(limit) ?? 100}" + (parsed.GetValue(sandbox) is { } id ? $"&sandboxID={Uri.EscapeDataString(id)}" : string.Empty);
            var events = await client.GetAsync($"/admin/events?{query}", AdminJson.Default.AdminEventArray);
            output.Show(events, AdminJson.Default.AdminEventArray, () => Table(events));
            if (events.Length == 0)
            {
                output.Remark("Nothing has happened yet.");
            }
        });
    }

    private static Table Table(AdminEvent[] events)
    {
        var table = Output.Table("time", "sandbox", "event", "what");
        foreach (var happened in events)
        {
            table.AddRow(Output.Time(happened.Time), happened.SandboxID, happened.Kind, happened.Message.EscapeMarkup());
        }

        return table;
    }
}
