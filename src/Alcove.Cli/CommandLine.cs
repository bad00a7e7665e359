using System.CommandLine;
using System.CommandLine.Help;

namespace Alcove.Cli;

/// <summary>The commands of <c>alcove</c>, and how what they say reaches whoever typed them.</summary>
internal sealed class CommandLine(Surroundings surroundings)
{
    private const int Failed = 1;
    private const int Misused = 2;

    private static readonly Option<bool> Json = new("--json") { Description = "Print JSON instead of tables.", Recursive = true };

    public async Task<int> RunAsync(string[] args)
    {
        var parsed = Root().Parse(args);
        if (parsed.Errors.Count > 0)
        {
            await surroundings.Error.WriteLineAsync($"alcove: {parsed.Errors[^1].Message.TrimEnd('.')}\n`{PathOf(parsed.CommandResult.Command)} --help` shows how it is used.");
            return Misused;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { Output = surroundings.Out, Error = surroundings.Error, EnableDefaultExceptionHandler = false });
        }
        catch (CommandException e)
        {
            await surroundings.Error.WriteLineAsync($"alcove: {e.Message}");
            return Failed;
        }
    }

    /// <summary>Makes a command that speaks to the server.</summary>
    public Command Act(Command command, Func<ParseResult, AdminClient, Output, Task> act)
    {
        command.SetAction(async (parsed, _) =>
        {
            using var client = surroundings.Open();
            await act(parsed, client, new Output(surroundings, parsed.GetValue(Json)));
            return 0;
        });
        return command;
    }

    private RootCommand Root()
    {
        var root = new RootCommand("Operates an Alcove installation on this machine: teams, keys, sandboxes, snapshots.") { Json };
        foreach (var command in (Command[])[TeamCommands.Make(this), KeyCommands.Make(this), SandboxesCommand.Make(this), SnapshotsCommand.Make(this), EventsCommand.Make(this), DoctorCommand.Make(surroundings.Installation, Json)])
        {
            root.Add(command);
        }

        foreach (var group in root.Subcommands.Where(command => command.Subcommands.Count > 0).Append(root))
        {
            group.SetAction(parsed => new HelpAction().Invoke(parsed));
        }

        return root;
    }

    private static string PathOf(Command command) =>
        string.Join(' ', Names(command).Reverse());

    private static IEnumerable<string> Names(Symbol symbol)
    {
        for (Symbol? each = symbol; each is not null; each = each.Parents.FirstOrDefault())
        {
            yield return each is RootCommand ? "alcove" : each.Name;
        }
    }
}
