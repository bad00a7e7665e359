using Alcove.Control.Storage;
using Microsoft.EntityFrameworkCore;

namespace Alcove.Control.Sandboxes;

/// <summary>A sandbox's row, as its grain holds it: what is read here has been saved, and changes follow one another.</summary>
internal sealed class SandboxRecord(Database database, string id)
{
    private readonly SemaphoreSlim _writing = new(1, 1);

    /// <value>Null when there is no such sandbox. Never changed in place.</value>
    public SandboxRow? Row { get; private set; }

    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        Row = await db.Sandboxes.AsNoTracking().FirstOrDefaultAsync(row => row.Id == id, cancellationToken);
    }

    public async Task InsertAsync(SandboxRow row)
    {
        await using var db = database.Open();
        db.Sandboxes.Add(row);
        await db.SaveChangesAsync();
        Row = row;
    }

    /// <summary>Changes a copy of the row, saves it, and only then shows it.</summary>
    public async Task<SandboxRow> UpdateAsync(Action<SandboxRow> change)
    {
        await _writing.WaitAsync();
        try
        {
            var next = (Row ?? throw new InvalidOperationException($"sandbox {id} is gone")).Copy();
            change(next);
            await using var db = database.Open();
            db.Sandboxes.Update(next);
            await db.SaveChangesAsync();
            return Row = next;
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>The one way from state to state.</summary>
    /// <exception cref="InvalidOperationException">There is none from here.</exception>
    public Task<SandboxRow> MoveToAsync(SandboxStatus to, Action<SandboxRow>? change = null) => UpdateAsync(row =>
    {
        if (!SandboxTransitions.MayMove(row.Status, to))
        {
            throw new InvalidOperationException($"sandbox {id} cannot go from {row.Status} to {to}");
        }

        change?.Invoke(row);
        row.Status = to;
    });

    public async Task DeleteAsync()
    {
        await _writing.WaitAsync();
        try
        {
            await using var db = database.Open();
            await db.Sandboxes.Where(row => row.Id == id).ExecuteDeleteAsync();
            Row = null;
        }
        finally
        {
            _writing.Release();
        }
    }
}
