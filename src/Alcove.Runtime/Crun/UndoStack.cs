namespace Alcove.Runtime.Crun;

/// <summary>What an act has done so far, to be undone backwards when it fails. Ignores that its caller has gone, and goes on past errors.</summary>
internal sealed class UndoStack
{
    private readonly Stack<Func<Task>> _undo = new();

    public void Push(Func<Task> undo) => _undo.Push(undo);

    /// <returns>What went wrong with undoing.</returns>
    public async Task<List<Exception>> RunAsync()
    {
        var errors = new List<Exception>();
        while (_undo.TryPop(out var undo))
        {
            try
            {
                await undo();
            }
            catch (Exception e)
            {
                errors.Add(e);
            }
        }

        return errors;
    }
}
