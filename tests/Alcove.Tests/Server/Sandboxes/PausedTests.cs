using System.Globalization;
using Alcove.Connect;
using Alcove.Control.Sandboxes;
using Alcove.Control.Storage;
using Alcove.Tests.Server.Hosting;
using Xunit;

namespace Alcove.Tests.Server.Sandboxes;

/// <summary>What becomes of sandboxes whose pause fails at their end, and of those that are paused for long.</summary>
public sealed class PausedTests(ApiHost host) : IClassFixture<ApiHost>
{
    [Fact]
    public async Task AutoPause_ThatFailsForTenMinutes_IsTriedAgainLessAndLessOften_ThenTheSandboxIsKilled()
    {
        var tries = new List<DateTimeOffset>();
        host.Node.OnCapture = _ =>
        {
            tries.Add(host.Time.GetUtcNow());
            throw new ConnectException(ConnectCode.Aborted, "process queue (12): cannot be written down");
        };
        try
        {
            var id = await host.CreateAsync(""","autoPause":true,"timeout":15""");
            var end = host.Time.GetUtcNow() + TimeSpan.FromSeconds(15);
            await UntilAsync(async () => (await EventsAsync(id, "pause-failed")).Count > 0);
            (await host.SendAsync("GET", $"/sandboxes/{id}")).Expect(200);
            Assert.True(host.Node.Runs.ContainsKey(id));

            while (await EndAsync(id) is { } next)
            {
                var left = next - host.Time.GetUtcNow();
                host.Time.Advance(left > TimeSpan.Zero ? left : TimeSpan.Zero);
                await UntilAsync(async () => await EndAsync(id) != next);
            }

            // A sandbox is gone for its users before its node has ended it.
            await Eventually.HoldsAsync(() => Task.FromResult(!host.Node.Runs.ContainsKey(id)));
            var failures = await EventsAsync(id, "pause-failed");
            Assert.All(failures, failure => Assert.Contains("process queue (12)", failure.Message, StringComparison.Ordinal));
            Assert.InRange(tries[^1] - end, TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(13));
            Assert.InRange(tries.Count, 10, 30);
            Assert.Contains(await EventsAsync(id, "killed"), killed => killed.Message.Contains("for 10 minutes", StringComparison.Ordinal));
        }
        finally
        {
            host.Node.OnCapture = _ => Task.CompletedTask;
        }
    }

    [Fact]
    public async Task AutoPause_ThatFailsOnce_PausesALittleLater()
    {
        var tries = 0;
        host.Node.OnCapture = _ => ++tries == 1 ? throw new ConnectException(ConnectCode.Aborted, "busy") : Task.CompletedTask;
        try
        {
            var id = await host.CreateAsync(""","autoPause":true,"timeout":15""");
            await UntilAsync(() => Task.FromResult(host.Node.Captures.Values.Any(capture => capture.SandboxId == id)));
            Assert.Equal(2, tries);
            Assert.Equal(204, (await host.SendAsync("DELETE", $"/sandboxes/{id}")).Status);
        }
        finally
        {
            host.Node.OnCapture = _ => Task.CompletedTask;
        }
    }

    [Fact]
    public async Task Retention_RemovesWhatIsPausedForLonger_AndNothingElse()
    {
        var old = await host.CreateAsync(""","timeout":86400""");
        Assert.Equal(204, (await host.SendAsync("POST", $"/sandboxes/{old}/pause")).Status);
        host.Time.Advance(TimeSpan.FromMinutes(3));
        var young = await host.CreateAsync(""","timeout":86400""");
        Assert.Equal(204, (await host.SendAsync("POST", $"/sandboxes/{young}/pause")).Status);
        var running = await host.CreateAsync(""","timeout":86400""");

        await host.Service<IEnumerable<Microsoft.Extensions.Hosting.IHostedService>>().OfType<Retention>().Single().SweepAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);

        Assert.Equal(404, (await host.SendAsync("GET", $"/sandboxes/{old}")).Status);
        Assert.DoesNotContain(host.Node.Captures.Values, capture => capture.SandboxId == old);
        foreach (var id in (string[])[young, running])
        {
            Assert.Equal(204, (await host.SendAsync("DELETE", $"/sandboxes/{id}")).Status);
        }
    }

    /// <summary>Lets the clock run until it is so, slowly enough for the server to follow.</summary>
    private Task UntilAsync(Func<Task<bool>> condition) => Eventually.HoldsAsync(async () =>
    {
        if (await condition())
        {
            return true;
        }

        host.Time.Advance(TimeSpan.FromSeconds(1));
        return false;
    });

    /// <returns>When its time is up, which a pause that fails puts off; null when it is gone.</returns>
    private async Task<DateTimeOffset?> EndAsync(string id)
    {
        var answer = await host.SendAsync("GET", $"/sandboxes/{id}");
        return answer.Status == 404 ? null : DateTimeOffset.Parse((string)answer.Expect(200)["endAt"]!, CultureInfo.InvariantCulture);
    }

    private async Task<List<SandboxEventRow>> EventsAsync(string id, string kind) =>
        [.. (await host.Service<SandboxEvents>().NewestAsync(id, 100, TestContext.Current.CancellationToken)).Where(row => row.Kind == kind)];
}
