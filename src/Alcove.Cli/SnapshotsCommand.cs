using System.CommandLine;
using Alcove.Protocol.Admin;
using Spectre.Console;

namespace Alcove.Cli;

/// <summary><c>alcove snapshots</c>.</summary>
internal static class SnapshotsCommand
{
    public static Command Make(CommandLine line) => line.Act(new Command("snapshots", "Show the snapshots of all teams, and what they take on disk."), async (_, client, output) =>
    {
        var snapshots = await client.GetAsync("/admin/snapshots", AdminJson.Default.AdminSnapshotArray);
        output.Show(snapshots, AdminJson.Default.AdminSnapshotArray, () => Table(snapshots, output));
        output.Remark(snapshots.Length == 0
            ? "There are no snapshots."
            : $"{snapshots.Length} of them, {Output.Bytes(snapshots.Sum(snapshot => snapshot.Bytes))}; blocks that several share are counted for each.");
    });

    private static Table Table(AdminSnapshot[] snapshots, Output output)
    {
        var table = Output.Table("snapshot", "team", "from sandbox", "kept", "taken");
        foreach (var snapshot in snapshots)
        {
            table.AddRow(snapshot.SnapshotID.EscapeMarkup(), snapshot.TeamName.EscapeMarkup(), snapshot.SandboxID, Output.Bytes(snapshot.Bytes), output.Relative(snapshot.CreatedAt));
        }

        return table;
    }
}
