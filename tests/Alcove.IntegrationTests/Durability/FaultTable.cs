using System.Text;
using Alcove.IntegrationTests.Harness;

namespace Alcove.IntegrationTests.Durability;

/// <summary>Steps × faults with what came of each, written to the log directory when all have been walked.</summary>
public sealed class FaultTable : IAsyncDisposable
{
    private readonly Dictionary<(string Act, string Step), Dictionary<Fault, string>> _cells = [];

    public async Task NoteAsync(string act, string step, Fault fault, Func<Task> walk)
    {
        if (!_cells.TryGetValue((act, step), out var row))
        {
            _cells[(act, step)] = row = [];
        }

        row[fault] = "FAILED";
        await walk();
        row[fault] = "ok";
    }

    public async ValueTask DisposeAsync()
    {
        var faults = Enum.GetValues<Fault>();
        var text = new StringBuilder($"{"act",-10} {"step",-32}{string.Concat(faults.Select(fault => $" {fault,-12}"))}\n");
        foreach (var ((act, step), row) in _cells)
        {
            text.Append($"{act,-10} {step,-32}{string.Concat(faults.Select(fault => $" {row.GetValueOrDefault(fault, "–"),-12}"))}\n");
        }

        var all = _cells.Values.SelectMany(row => row.Values).ToList();
        text.Append($"{all.Count} walks, {all.Count(cell => cell != "ok")} failed\n");
        await File.WriteAllTextAsync(Path.Combine(TestHome.Path, "logs", "fault-walk.txt"), text.ToString());
    }
}
