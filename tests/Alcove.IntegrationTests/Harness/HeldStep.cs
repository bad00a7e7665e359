namespace Alcove.IntegrationTests.Harness;

/// <summary>A step of the next act at which the program waits, until this is let go or disposed.</summary>
internal sealed class HeldStep : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Arms it.</summary>
    /// <param name="step">One of the node's: the server's turns may not be held.</param>
    public static async Task<HeldStep> AtAsync(string step)
    {
        await Installation.NodeHasTestedItselfAsync();
        await FaultFile.OrderAsync(step, "hold");
        return new HeldStep();
    }

    /// <summary>Until the program is there.</summary>
    public Task ReachedAsync() => FaultFile.HeldAsync(Patience);

    public void LetGo() => FaultFile.LetGo();

    public void Dispose() => FaultFile.Clear();
}
