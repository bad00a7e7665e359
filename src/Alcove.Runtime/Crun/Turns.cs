namespace Alcove.Runtime.Crun;

/// <summary>One act at a time of everything that has a name: two at once on one sandbox would destroy it.</summary>
internal sealed class Turns
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Turn> _turns = [];

    /// <summary>Names that somebody acts on, or waits for.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _turns.Count;
            }
        }
    }

    /// <summary>Waits for those who came before.</summary>
    public async Task<T> RunAsync<T>(string name, Func<Task<T>> act)
    {
        var turn = Join(name);
        try
        {
            await turn.Gate.WaitAsync();
            try
            {
                return await act();
            }
            finally
            {
                turn.Gate.Release();
            }
        }
        finally
        {
            Leave(name, turn);
        }
    }

    /// <summary>Unless somebody acts on it.</summary>
    public void RunUnlessBusy(string name, Action act)
    {
        var turn = Join(name);
        try
        {
            if (!turn.Gate.Wait(0))
            {
                return;
            }

            try
            {
                act();
            }
            finally
            {
                turn.Gate.Release();
            }
        }
        finally
        {
            Leave(name, turn);
        }
    }

    private Turn Join(string name)
    {
        lock (_lock)
        {
            if (!_turns.TryGetValue(name, out var turn))
            {
                _turns[name] = turn = new Turn();
            }

            turn.Users++;
            return turn;
        }
    }

    /// <summary>It goes with the last one: whoever waits and whoever comes must meet at the same gate.</summary>
    private void Leave(string name, Turn turn)
    {
        lock (_lock)
        {
            if (--turn.Users == 0)
            {
                _turns.Remove(name);
            }
        }
    }

    private sealed class Turn
    {
        public SemaphoreSlim Gate { get; } = new(1, 1);

        public int Users { get; set; }
    }
}
