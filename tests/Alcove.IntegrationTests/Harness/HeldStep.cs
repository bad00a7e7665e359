namespace Alcove.IntegrationTests.Harness;

/// <summary>A step of the next act at which the program waits, until this is let go or disposed.</summary>
internal sealed class HeldStep : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _pipe = Path.Combine(TestHome.Path, $"held-{Guid.NewGuid():n}");
    private bool _isReached;

    /// <summary>Arms it.</summary>
    /// <param name="step">One of the node's: the server's turns may not be held.</param>
    public static async Task<HeldStep> AtAsync(string step)
    {
        var held = new HeldStep();
        await Installation.NodeHasTestedItselfAsync();
        await Command.ShellAsync($"mkfifo {held._pipe}");
        await File.WriteAllTextAsync(Installation.FaultFile, $"{step} wait {held._pipe}");
        return held;
    }

    /// <summary>Until the program is there.</summary>
    public async Task ReachedAsync()
    {
        await Eventually.TrueAsync(() => Task.FromResult(!File.Exists(Installation.FaultFile)), Patience);
        _isReached = true;
    }

    public async Task LetGoAsync()
    {
        if (_isReached)
        {
            _isReached = false;
            await Command.ShellAsync($"timeout 20 sh -c ': > {_pipe}'");
        }
    }

    public async ValueTask DisposeAsync()
    {
        File.Delete(Installation.FaultFile);
        await LetGoAsync();
        File.Delete(_pipe);
    }
}
