using System.Net;
using Alcove.Connect;
using Alcove.Protocol.Processes;
using Xunit;

namespace Alcove.Tests.Connect;

public sealed class DeadlineTests
{
    private const string Text = """{"code":"deadline_exceeded","message":"context deadline exceeded"}""";

    [Fact]
    public async Task Stream_PastItsDeadline_EndsDeadlineExceeded()
    {
        await using var server = await ConnectServer.StartAsync();
        server.OnStart = async (_, answers, context) =>
        {
            Assert.Equal(TimeSpan.FromSeconds(1), context.Timeout);
            await answers.WriteAsync(new StartResponse(), context.CancellationToken);
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        };

        using var response = await server.CallAsync("/process.Process/Start", Wire.JsonStream, Frame.Of("{}").Bytes, ("Connect-Timeout-Ms", "1000"));
        server.Time.Advance(TimeSpan.FromMilliseconds(1000));

        Assert.Equal("{\"error\":" + Text + "}", (await response.FramesAsync())[^1].Text);
    }

    [Fact]
    public async Task Unary_PastItsDeadline_Answers504()
    {
        await using var server = await ConnectServer.StartAsync();
        server.OnStat = async (_, context) =>
        {
            server.Time.Advance(TimeSpan.FromMilliseconds(59_999));
            Assert.False(context.CancellationToken.IsCancellationRequested);
            server.Time.Advance(TimeSpan.FromMilliseconds(1));
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
            throw new InvalidOperationException();
        };

        using var response = await server.CallAsync("/filesystem.Filesystem/Stat", Wire.Json, "{}", ("Connect-Timeout-Ms", "60000"));

        Assert.Equal(HttpStatusCode.GatewayTimeout, response.StatusCode);
        Assert.Equal(Text, await response.TextAsync());
    }

    [Fact]
    public async Task Timeout_Absent_IsNone()
    {
        await using var server = await ConnectServer.StartAsync();
        TimeSpan? seen = TimeSpan.Zero;
        server.OnStart = (_, _, context) =>
        {
            seen = context.Timeout;
            return Task.CompletedTask;
        };

        using var response = await server.CallAsync("/process.Process/Start", Wire.JsonStream, Frame.Of("{}").Bytes);
        await response.FramesAsync();

        Assert.Null(seen);
    }

    [Fact]
    public async Task Timeout_OfZero_CallsNoHandler()
    {
        await using var server = await ConnectServer.StartAsync();
        server.OnStart = (_, _, _) => throw new InvalidOperationException();

        using var response = await server.CallAsync("/process.Process/Start", Wire.JsonStream, Frame.Of("{}").Bytes, ("Connect-Timeout-Ms", "0"));

        Assert.Equal("{\"error\":" + Text + "}", Assert.Single(await response.FramesAsync()).Text);
    }

    [Fact]
    public async Task Cancellation_OfAnotherKind_IsCanceled()
    {
        await using var server = await ConnectServer.StartAsync();
        server.OnStat = (_, _) => throw new OperationCanceledException();

        using var response = await server.CallAsync("/filesystem.Filesystem/Stat", Wire.Json, "{}", ("Connect-Timeout-Ms", "60000"));

        Assert.Equal(499, (int)response.StatusCode);
        Assert.Contains(ConnectCode.Canceled.ToName(), await response.TextAsync(), StringComparison.Ordinal);
    }
}
