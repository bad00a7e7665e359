using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Durability;

/// <summary>
/// Server, node and criu are killed at every step of pause, resume, snapshot and fork, every step is made to fail, and the disk is filled at
/// each: afterwards the sandbox runs or is paused, with nothing lost, within ten seconds of the restart, and can be paused, resumed, forked
/// and deleted. <c>make test</c> walks each step once, with the worst that can happen there: whoever is at it is killed.
/// </summary>
public sealed class FaultWalkTests(Installation installation, FaultTable table) : IClassFixture<FaultTable>
{
    private static readonly string[] Capture = ["node:capture.frozen", "criu:dump", "node:capture.copied", "node:capture.thawed", "node:capture.flushed", "node:capture.named"];

    private static readonly string[] Start =
        ["node:start.manifest", "node:start.cloned", "node:start.slot", "node:start.mounted", "criu:restore", "node:start.process", "node:start.ready", "node:start.committed"];

    private static readonly (string Act, string[] Steps)[] Table =
    [
        ("pause", ["server:pause.row-pausing", .. Capture, "server:pause.captured", "server:pause.row-paused", "node:end.killed", "node:end.unmounted", "node:end.slot"]),
        ("connect", ["server:resume.row-resuming", .. Start, "server:resume.restored", "server:resume.row-running", "node:capture.removing"]),
        ("snapshots", ["server:snapshot.row-snapshotting", .. Capture, "server:snapshot.captured", "server:snapshot.row-running"]),
        ("fork", [.. Capture, .. Start, "node:capture.removing"]),
    ];

    public static TheoryData<string, string, Fault> Walks
    {
        get
        {
            var rows = new TheoryData<string, string, Fault>();
            foreach (var (act, step) in Table.SelectMany(row => row.Steps.Select(step => (row.Act, step))))
            {
                foreach (var fault in Enum.GetValues<Fault>().Where(fault => MayHappen(step, fault) && (Extent.IsFull || fault == Fault.Killed)))
                {
                    rows.Add(act, step, fault);
                }
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Walks))]
    public Task Fault_AtAnyStep_NothingIsLost(string act, string step, Fault fault) => table.NoteAsync(act, step, fault, () => new FaultWalk(installation).WalkAsync(act, step, fault));

    /// <summary>criu does not fail for the asking; and what the server writes does not lie on the pool.</summary>
    private static bool MayHappen(string step, Fault fault) => fault switch
    {
        Fault.Fails => !step.StartsWith("criu:", StringComparison.Ordinal),
        Fault.DiskFull => !step.StartsWith("server:", StringComparison.Ordinal),
        _ => true,
    };
}
