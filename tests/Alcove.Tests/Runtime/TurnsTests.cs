using Alcove.Runtime.Crun;
using Xunit;

namespace Alcove.Tests.Runtime;

public sealed class TurnsTests
{
    [Fact]
    public async Task Run_OfWhoWaitedAndWhoComesLater_IsOneAtATime()
    {
        var turns = new Turns();
        TaskCompletionSource first = new(), second = new();
        bool secondRuns = false, thirdRuns = false;
        var ended = turns.RunAsync("a", async () => await Wait(first));
        var waited = turns.RunAsync("a", async () =>
        {
            secondRuns = true;
            await second.Task;
            secondRuns = false;
            return true;
        });
        first.SetResult();
        await ended;

        var late = turns.RunAsync("a", () =>
        {
            thirdRuns = true;
            return Task.FromResult(secondRuns);
        });

        Assert.False(thirdRuns);
        second.SetResult();
        await waited;
        Assert.False(await late);
        Assert.Equal(0, turns.Count);
    }

    [Fact]
    public async Task RunUnlessBusy_WhileSomebodyActs_DoesNothing()
    {
        var turns = new Turns();
        var (held, ran) = (new TaskCompletionSource(), 0);
        var act = turns.RunAsync("a", async () => await Wait(held));

        turns.RunUnlessBusy("a", () => ran++);
        turns.RunUnlessBusy("b", () => ran += 10);
        held.SetResult();
        await act;
        turns.RunUnlessBusy("a", () => ran += 100);

        Assert.Equal(110, ran);
        Assert.Equal(0, turns.Count);
    }

    private static async Task<bool> Wait(TaskCompletionSource held)
    {
        await held.Task;
        return true;
    }
}
