using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Scale;

public sealed class FiftyAtOnceTests(Installation installation)
{
    [Fact]
    public async Task FiftyCreates_EachRunsItsOwnCommand_NothingIsLeftOver()
    {
        var sandboxes = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => TestSandbox.CreateAsync(installation.Api)));

        var results = await Task.WhenAll(sandboxes.Select(async sandbox => (sandbox, result: await sandbox.RunAsync("echo $E2B_SANDBOX_ID; id -un"))));

        Assert.All(results, r => Assert.Equal($"{r.sandbox.Id}\nuser\n", r.result.Output));
        await Task.WhenAll(sandboxes.Select(s => s.DisposeAsync().AsTask()));
        var left = await Eventually.HoldsAsync(() => Residue.OfAsync([.. sandboxes.Select(s => s.Id)]), found => found.Length == 0, TimeSpan.FromSeconds(30));
        Assert.Empty(left);
    }
}
