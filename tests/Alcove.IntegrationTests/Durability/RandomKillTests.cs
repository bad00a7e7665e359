using System.Globalization;
using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Durability;

/// <summary>
/// Sandboxes that start processes without a pause are paused and taken up again, all at once, and at a random moment of it the server or the
/// node is killed, and with <c>ALCOVE_TEST_KILL_CRIU=1</c> a criu. Nothing of any is lost, ever, but the processes that a criu was inside of as it was killed: then the disk is whole. <c>ALCOVE_TEST_CYCLES</c> says how often; one cycle is a pause and a resume of one.
/// </summary>
public sealed class RandomKillTests(Installation installation)
{
    private const int Sandboxes = 3;
    private const int LongestMilliseconds = 1500;
    private const string ForkLoop = "nohup sh -c 'while :; do /bin/true; done' >/dev/null 2>&1 &";

    private readonly FaultWalk _walk = new(installation);
    private readonly Dictionary<string, int> _kills = [];
    private int _startedAnew;

    [Fact]
    public async Task PauseAndResume_WithKillsAtRandom_LoseNothing()
    {
        var seed = Environment.GetEnvironmentVariable("ALCOVE_TEST_SEED") is { Length: > 0 } given ? int.Parse(given, CultureInfo.InvariantCulture) : Random.Shared.Next();
        var random = new Random(seed);
        var cycles = 0;
        var witnesses = await Task.WhenAll(Enumerable.Range(0, Sandboxes).Select(_ => StartAsync()));
        try
        {
            await Installation.NodeHasTestedItselfAsync();
            while (cycles < Extent.Cycles)
            {
                await RoundAsync(witnesses, random);
                cycles += witnesses.Length;
                await ReportAsync(seed, cycles, "running");
            }

            await Task.WhenAll(witnesses.Select(witness => witness.Sandbox.KillAsync()));
            await Eventually.HoldsAsync(FaultWalk.LeftoversAsync, left => left.Length == 0, FaultWalk.Patience);
            await ReportAsync(seed, cycles, "nothing lost");
        }
        finally
        {
            await _walk.RemoveAllAsync();
        }
    }

    private async Task RoundAsync(Witness[] witnesses, Random random)
    {
        var cycling = Task.WhenAll(witnesses.Select(async witness =>
        {
            await FaultWalk.TryActAsync(witness.Sandbox, "pause");
            await FaultWalk.TryActAsync(witness.Sandbox, "connect");
        }));
        await Task.Delay(random.Next(LongestMilliseconds), CancellationToken.None);
        var victim = await KillAsync(random.Next(Extent.KillsCriuAtRandom ? 3 : 2), cycling);
        _kills[victim] = _kills.GetValueOrDefault(victim) + 1;
        await _walk.RestartAsync();
        await cycling;
        await Task.WhenAll(witnesses.Select(async witness =>
        {
            await _walk.RunsAgainAsync(witness.Sandbox.Id);
            if (victim == "criu" && await _walk.StartsAnewIfLostAsync(witness))
            {
                Interlocked.Increment(ref _startedAnew);
                await witness.Sandbox.RunAsync(ForkLoop);
            }

            await witness.IsWellAsync();
        }));
    }

    /// <returns>Who was killed.</returns>
    private async Task<string> KillAsync(int victim, Task cycling)
    {
        switch (victim)
        {
            case 0:
                await installation.Server.KillAsync();
                return "server";
            case 1:
                await installation.Node.KillAsync();
                return "node";
            default:
                var found = await Criu.HalfDoneAsync(() => true, cycling);
                if (found.Length == 0)
                {
                    return "nobody";
                }

                await Command.ShellAsync($"kill -9 {string.Join(' ', found)} || true");
                return "criu";
        }
    }

    private async Task<Witness> StartAsync()
    {
        var witness = await Witness.StartAsync(await installation.CreateAsync(), memoryMiB: 16);
        await _walk.RunsAgainAsync(witness.Sandbox.Id);
        await witness.Sandbox.RunAsync(ForkLoop);
        await witness.IsWellAsync();
        return witness;
    }

    private Task ReportAsync(int seed, int cycles, string state) => File.WriteAllTextAsync(
        Path.Combine(TestHome.Path, "logs", "random-kills.txt"),
        $"{cycles} cycles of pause and resume under a fork loop, {string.Join(", ", _kills.OrderBy(kill => kill.Key).Select(kill => $"{kill.Value} × {kill.Key} killed"))}; {_startedAnew} × started anew from its disk after a criu was killed: {state} (seed {seed})\n");
}
