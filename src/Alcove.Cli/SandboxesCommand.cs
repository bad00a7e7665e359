using System.CommandLine;
using Alcove.Protocol.Admin;
using Spectre.Console;

namespace Alcove.Cli;

/// <summary><c>alcove sandboxes</c>.</summary>
internal static class SandboxesCommand
{
    public static Command Make(CommandLine line) => line.Act(new Command("sandboxes", "Show the sandboxes of all teams."), async (_, client, output) =>
    {
        var sandboxes = await client.GetAsync("/admin/sandboxes", AdminJson.Default.AdminSandboxArray);
        output.Show(sandboxes, AdminJson.Default.AdminSandboxArray, () => Table(sandboxes, output));
        if (sandboxes.Length == 0)
        {
            output.Remark("There are no sandboxes.");
        }
    });

    private static Table Table(AdminSandbox[] sandboxes, Output output)
    {
        var table = Output.Table("sandbox", "team", "template", "state", "cpus", "memory", "disk", "kept", "started", "ends");
        foreach (var sandbox in sandboxes)
        {
            table.AddRow(
                sandbox.SandboxID, sandbox.TeamName.EscapeMarkup(), sandbox.TemplateID.EscapeMarkup(), sandbox.State, Output.Number(sandbox.CpuCount), Output.Size(sandbox.MemoryMB),
                Output.Size(sandbox.DiskSizeMB), sandbox.KeptBytes is { } kept ? Output.Bytes(kept) : "–", output.Relative(sandbox.StartedAt), sandbox.State == "running" ? output.Relative(sandbox.EndAt) : "–");
        }

        return table;
    }
}
