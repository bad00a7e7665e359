using System.Diagnostics;

namespace Alcove.Benchmarks;

/// <summary>What putting a sandbox away, taking it up and copying it takes, in turn with bare crun doing as much to a container like it.</summary>
/// <param name="alcove">The platform.</param>
/// <param name="home">The installation's.</param>
/// <param name="rounds">Rounds; the first one warms up and is not counted.</param>
internal sealed class PauseComparison(AlcovePlatform alcove, string home, int rounds)
{
    private const int ManyCopies = 10;

    /// <param name="load">Shell text of a process that goes on in both; null for none.</param>
    public async Task<PauseFigures> MeasureAsync(string? load)
    {
        var figures = new PauseFigures();
        var id = await alcove.CreateAsync();
        try
        {
            await using var bare = await BareContainer.StartAsync(home, id);
            if (load is not null)
            {
                await alcove.StartAsync(id, load);
                await bare.StartProcessAsync($$"""{"process":{"cmd":"/bin/sh","args":["-c","{{load}}"]},"stdin":false}""");
            }

            for (var round = 0; round <= rounds; round++)
            {
                await RoundAsync(id, bare, round == 0 ? new PauseFigures() : figures);
            }
        }
        finally
        {
            await alcove.RemoveAsync(id);
        }

        return figures;
    }

    private async Task RoundAsync(string id, BareContainer bare, PauseFigures figures)
    {
        figures.BareCheckpoint.Add(await bare.CheckpointAsync());
        figures.Pause.Add(await TimeAsync(() => alcove.PauseAsync(id)));
        figures.BareRestore.Add(await bare.RestoreAsync());
        figures.Resume.Add(await TimeAsync(async () =>
        {
            await alcove.ResumeAsync(id);
            await alcove.RunAsync(id);
        }));
        figures.Still.Add(await StandsStillAsync(id));
        figures.ForkOne.Add(await ForkAsync(id, 1));
        figures.ForkMany.Add(await ForkAsync(id, ManyCopies));
    }

    /// <summary>The longest time without an answer from the daemon inside while a snapshot is taken.</summary>
    private async Task<double> StandsStillAsync(string id)
    {
        using var end = new CancellationTokenSource();
        var longest = LongestSilenceAsync(id, end.Token);
        var snapshot = await alcove.SnapshotAsync(id);
        await end.CancelAsync();
        var silence = await longest;
        await alcove.DeleteSnapshotAsync(snapshot);
        return silence;
    }

    private async Task<double> LongestSilenceAsync(string id, CancellationToken cancellationToken)
    {
        var (longest, last) = (TimeSpan.Zero, Stopwatch.GetTimestamp());
        while (!cancellationToken.IsCancellationRequested)
        {
            await alcove.ProbeAsync(id);
            var now = Stopwatch.GetTimestamp();
            (longest, last) = (TimeSpan.FromTicks(Math.Max(longest.Ticks, Stopwatch.GetElapsedTime(last, now).Ticks)), now);
        }

        return longest.TotalMilliseconds;
    }

    private async Task<double> ForkAsync(string id, int count)
    {
        string[] copies = [];
        var took = await TimeAsync(async () => copies = await alcove.ForkAsync(id, count));
        await Task.WhenAll(copies.Select(alcove.RemoveAsync));
        return took;
    }

    private static async Task<double> TimeAsync(Func<Task> act)
    {
        var since = Stopwatch.GetTimestamp();
        await act();
        return Stopwatch.GetElapsedTime(since).TotalMilliseconds;
    }
}

/// <summary>Milliseconds, a number a round.</summary>
internal sealed class PauseFigures
{
    public Samples BareCheckpoint { get; } = new();

    public Samples BareRestore { get; } = new();

    public Samples Pause { get; } = new();

    /// <value>Until the first command has ended.</value>
    public Samples Resume { get; } = new();

    /// <value>How long the source of a snapshot stands still.</value>
    public Samples Still { get; } = new();

    public Samples ForkOne { get; } = new();

    public Samples ForkMany { get; } = new();
}
