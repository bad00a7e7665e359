using System.Net;
using Alcove.IntegrationTests.Api;
using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Lifecycle;

/// <summary>Connect: to what runs, and to what sleeps.</summary>
public sealed class ConnectTests(Installation installation)
{
    [Theory]
    [InlineData("")]
    [InlineData("/v2")]
    public async Task Connect_ToRunning_Is200_AndNeverShortens(string version)
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        var before = (string)(await sandbox.DetailAsync())["endAt"]!;

        Assert.Equal(HttpStatusCode.OK, (await ConnectAsync(version, sandbox.Id, """{"timeout":60}""")).Status);
        Assert.Equal(before, (string)(await sandbox.DetailAsync())["endAt"]!);

        Assert.Equal(HttpStatusCode.OK, (await ConnectAsync(version, sandbox.Id, """{"timeout":1200}""")).Status);
        Assert.InRange(PauseTests.Time(await sandbox.DetailAsync(), "endAt") - DateTimeOffset.UtcNow, TimeSpan.FromSeconds(1150), TimeSpan.FromSeconds(1201));
    }

    [Theory]
    [InlineData("", """{"timeout":420}""", 420)]
    [InlineData("/v2", """{"timeout":420}""", 420)]
    [InlineData("/v2", null, 300)]
    [InlineData("/v2", "{}", 300)]
    public async Task Connect_ToPaused_Is201_AndLastsAsLongAsAsked(string version, string? json, int seconds)
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await sandbox.PauseAsync();

        Assert.Equal(HttpStatusCode.Created, (await ConnectAsync(version, sandbox.Id, json)).Status);

        var detail = await sandbox.DetailAsync();
        Assert.Equal(seconds, (PauseTests.Time(detail, "endAt") - PauseTests.Time(detail, "startedAt")).TotalSeconds, 0.001);
        Assert.Equal("running", (string)detail["state"]!);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/v2")]
    public async Task Connect_BeyondTheTeamsLimit_Is400_BeforeAnythingIsLookedUp(string version)
    {
        var (status, body, _) = await ConnectAsync(version, "A-B-C", """{"timeout":86401}""");

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("Timeout cannot be greater than 24 hours", (string)body!["message"]!);
    }

    [Fact]
    public async Task Connect_FiveAtOnceToPaused_AllSucceed_AndItStartsOnce()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await sandbox.PauseAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(async index =>
        {
            var answer = await ConnectAsync("/v2", sandbox.Id, $$"""{"timeout":{{300 + (index * 100)}}}""");
            return (answer.Status, Said: await sandbox.OutputAsync("echo up"));
        }));

        Assert.All(answers, answer => Assert.True(answer.Status is HttpStatusCode.Created or HttpStatusCode.OK, $"{answer.Status}"));
        Assert.All(answers, answer => Assert.Equal("up", answer.Said));
        Assert.Contains(answers, answer => answer.Status == HttpStatusCode.Created);
        Assert.Equal(["created", "paused", "resumed"], await Records.EventsOfAsync(sandbox.Id));
        Assert.InRange(PauseTests.Time(await sandbox.DetailAsync(), "endAt") - DateTimeOffset.UtcNow, TimeSpan.FromSeconds(640), TimeSpan.FromSeconds(701));
    }

    [Fact]
    public async Task ConnectsPausesAndKills_AllAtOnce_LeaveItRunningPausedOrGone()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);

        for (var round = 0; round < 5; round++)
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(index => index % 2 == 0 ? PauseTests.SendAsync(sandbox.Id, "pause") : ConnectAsync("/v2", sandbox.Id, null)));
            Assert.All(answers, answer => Assert.True(answer.Status is HttpStatusCode.NoContent or HttpStatusCode.Conflict or HttpStatusCode.Created or HttpStatusCode.OK, $"{answer.Status} {answer.Body}"));
        }

        await ConnectAsync("/v2", sandbox.Id, null);
        Assert.Equal("up", await sandbox.OutputAsync("echo up"));
        var killed = await Task.WhenAll(
            PauseTests.SendAsync(sandbox.Id, "pause"), ApiCall.SendAsync(HttpMethod.Delete, $"/sandboxes/{sandbox.Id}"), ConnectAsync("/v2", sandbox.Id, null), ApiCall.SendAsync(HttpMethod.Delete, $"/sandboxes/{sandbox.Id}"));
        Assert.Contains(killed, answer => answer.Status == HttpStatusCode.NoContent);
        Assert.DoesNotContain(killed, answer => (int)answer.Status >= 500);
        Assert.Equal(HttpStatusCode.NotFound, (await ApiCall.SendAsync(HttpMethod.Get, $"/sandboxes/{sandbox.Id}")).Status);
        await Eventually.HoldsAsync(() => Residue.OfAsync([sandbox.Id]), found => found.Length == 0, TimeSpan.FromSeconds(20));
    }

    private static Task<(HttpStatusCode Status, System.Text.Json.Nodes.JsonNode? Body, HttpResponseMessage Answer)> ConnectAsync(string version, string id, string? json) =>
        ApiCall.SendAsync(HttpMethod.Post, $"{version}/sandboxes/{id}/connect", json);
}
