using System.Net;
using Alcove.Server.Limiting;
using Alcove.Tests.Server.Hosting;
using Xunit;

namespace Alcove.Tests.Server.Limiting;

/// <summary>No request is worked on without end.</summary>
public sealed class RequestDeadlineTests(ApiHost host) : IClassFixture<ApiHost>
{
    [Fact]
    public async Task Create_ThatIsNotDoneInTime_Is504_AndWhatWasBegunCanBeSeenAndKilled()
    {
        var (_, key) = await host.NewTeamAsync();
        var (begun, goOn) = (new TaskCompletionSource<string>(), new TaskCompletionSource());
        host.Node.OnCreate = request =>
        {
            begun.TrySetResult(request.SandboxId);
            return goOn.Task;
        };
        try
        {
            var creating = host.SendAsync("POST", "/v2/sandboxes", """{"templateID":"base"}""", key);
            var id = await begun.Task.WaitAsync(TestContext.Current.CancellationToken);
            host.Time.Advance(RequestDeadline.Longest + TimeSpan.FromSeconds(1));
            (await creating).ExpectError(504, "The request was not done within 70 seconds");
            goOn.SetResult();
            await Eventually.HoldsAsync(async () => (await host.SendAsync("GET", $"/sandboxes/{id}", null, key)).Status == 200);
            Assert.Equal(204, (await host.SendAsync("DELETE", $"/sandboxes/{id}", null, key)).Status);
        }
        finally
        {
            goOn.TrySetResult();
            host.Node.OnCreate = _ => Task.CompletedTask;
        }
    }

    [Fact(Timeout = 30_000)]
    public async Task Body_ThatDoesNotCome_IsNotWaitedForAsLong()
    {
        var (_, key) = await host.NewTeamAsync();
        var goOn = new TaskCompletionSource();
        using var body = new HalfContent(goOn.Task);
        var sending = host.SendContentAsync("POST", "/v2/sandboxes", body, key);
        try
        {
            await Eventually.HoldsAsync(() =>
            {
                // Not far enough for the whole request's limit before its body's has been looked at.
                host.Time.Advance(TimeSpan.FromSeconds(0.1));
                return Task.FromResult(sending.IsCompleted);
            });
            (await sending).ExpectError(408, "The request's body did not come within 10 seconds");
        }
        finally
        {
            goOn.TrySetResult();
        }
    }

    /// <summary>Begins, and goes on when it is told to.</summary>
    private sealed class HalfContent(Task goOn) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync("{"u8.ToArray());
            await stream.FlushAsync();
            await goOn;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
