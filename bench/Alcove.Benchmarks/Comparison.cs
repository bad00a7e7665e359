using System.Diagnostics;

namespace Alcove.Benchmarks;

/// <summary>Does the same with both in turn, so that a busy moment of the machine meets both; the first round warms up and is not counted.</summary>
internal sealed class Comparison(AlcovePlatform alcove, PodmanPlatform podman, int rounds)
{
    /// <summary>Create until the first command has ended; each round makes its own.</summary>
    public async Task<(Samples Alcove, Samples Podman)> CreateAsync()
    {
        var ids = new Dictionary<IPlatform, string>();
        return await InTurnAsync(
            async platform =>
            {
                ids[platform] = await platform.CreateAsync();
                await platform.RunAsync(ids[platform]);
            },
            platform => platform.RemoveAsync(ids[platform]));
    }

    /// <summary>An act on a sandbox that runs already.</summary>
    public async Task<(Samples Alcove, Samples Podman)> OnRunningAsync(Func<IPlatform, string, Task> prepare, Func<IPlatform, string, Task> act)
    {
        var ids = new Dictionary<IPlatform, string>();
        try
        {
            foreach (var platform in (IPlatform[])[alcove, podman])
            {
                ids[platform] = await platform.CreateAsync();
                await prepare(platform, ids[platform]);
            }

            return await InTurnAsync(platform => act(platform, ids[platform]), _ => Task.CompletedTask);
        }
        finally
        {
            foreach (var (platform, id) in ids)
            {
                await platform.RemoveAsync(id);
            }
        }
    }

    private async Task<(Samples Alcove, Samples Podman)> InTurnAsync(Func<IPlatform, Task> act, Func<IPlatform, Task> after)
    {
        var (ours, theirs) = (new Samples(), new Samples());
        for (var round = 0; round <= rounds; round++)
        {
            foreach (var (platform, samples) in ((IPlatform, Samples)[])[(alcove, ours), (podman, theirs)])
            {
                var since = Stopwatch.GetTimestamp();
                await act(platform);
                var took = Stopwatch.GetElapsedTime(since);
                if (round > 0)
                {
                    samples.Add(took.TotalMilliseconds);
                }

                await after(platform);
            }
        }

        return (ours, theirs);
    }
}
