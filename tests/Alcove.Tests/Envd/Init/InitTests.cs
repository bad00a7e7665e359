using System.Security.Cryptography;
using System.Text;
using Alcove.Envd.Init;
using Alcove.Protocol.Envd;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Alcove.Tests.Envd.Init;

public sealed class InitTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("alcove-init-").FullName;
    private readonly DaemonStateHolder _state = new();
    private readonly FakeTimeProvider _time = new();
    private readonly List<DateTimeOffset> _clockSetTo = [];
    private readonly SystemEnvironment _system;
    private readonly InitEndpoint _init;

    public InitTests()
    {
        _system = new SystemEnvironment(Run);
        _init = new InitEndpoint(_state, _system, new TokenAuthority(HostFile), new Clock(_time, SetClock), _time);
    }

    private string HostFile => Path.Combine(_directory, "host.json");

    private string Run => Path.Combine(_directory, "run");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"unknown":1,"volumeMounts":[]}""")]
    [InlineData("""{"volumeMounts":[{"nfs_target":"192.0.2.1:/v","path":"/v"}],"caBundle":"-----BEGIN CERTIFICATE-----","hyperloopIP":"192.0.2.1","lifecycleID":"l"}""")]
    public async Task Init_NothingToSet_IsAccepted(string body) => Assert.Equal((204, ""), await InitAsync(body));

    [Theory]
    [InlineData("""{"accessToken":""}""")]
    [InlineData("""{"accessToken":"a\\b"}""")]
    [InlineData("{")]
    public async Task Init_UnreadableBody_IsRefused(string body) => Assert.Equal((400, ""), await InitAsync(body));

    [Fact]
    public async Task Init_WithoutHostFile_OnlyTheFirstTokenCounts()
    {
        Assert.Equal(204, (await InitAsync("""{"accessToken":"one"}""")).Status);
        Assert.Equal(204, (await InitAsync("""{"accessToken":"one"}""")).Status);
        Assert.Equal((401, "access token validation failed"), await InitAsync("""{"accessToken":"two"}"""));
        Assert.Equal((401, "access token reset not authorized"), await InitAsync("{}"));
        Assert.Equal("one", _state.Current.AccessToken);
    }

    [Fact]
    public async Task Init_HostNamesAnotherToken_RotatesAndClears()
    {
        await InitAsync("""{"accessToken":"one"}""");
        WriteHost("two");
        Assert.Equal(401, (await InitAsync("""{"accessToken":"three"}""")).Status);
        Assert.Equal(204, (await InitAsync("""{"accessToken":"two"}""")).Status);
        WriteHost("");
        Assert.Equal(204, (await InitAsync("{}")).Status);
        Assert.Null(_state.Current.AccessToken);
    }

    [Fact]
    public async Task Init_OlderThanTheNewest_ChangesNothing()
    {
        await InitAsync($$$"""{"timestamp":"{{{_time.GetUtcNow():O}}}","envVars":{"A":"new"},"defaultUser":"user"}""");
        Assert.Equal(204, (await InitAsync($$$$"""{"timestamp":"{{{{_time.GetUtcNow().AddSeconds(-1):O}}}}","envVars":{"A":"old"}}""")).Status);
        Assert.Equal("new", _state.Current.EnvVars["A"]);
        await InitAsync("""{"envVars":{},"defaultUser":""}""");
        Assert.Empty(_state.Current.EnvVars);
        Assert.Equal("user", _state.Current.DefaultUser);
    }

    [Fact]
    public async Task Init_AfterAForksWakeUp_TellsTheForksIdentityAlone()
    {
        WriteHost("one", sandbox: "origin", template: "base");
        await InitAsync($$$"""{"accessToken":"one","timestamp":"{{{Now}}}","envVars":{"WHO":"origin","ONLY":"there"}}""");
        Assert.Equal(("origin", "base"), (_system.Variables["E2B_SANDBOX_ID"], _system.Variables["E2B_TEMPLATE_ID"]));

        WriteHost("two", sandbox: "fork", template: "snapshot");
        Assert.Equal((204, ""), await InitAsync($$$"""{"accessToken":"two","timestamp":"{{{Now}}}","envVars":{"WHO":"fork"}}"""));

        Assert.Equal(("fork", "snapshot"), (_system.Variables["E2B_SANDBOX_ID"], _system.Variables["E2B_TEMPLATE_ID"]));
        Assert.Equal(("fork", "snapshot", "true"), (Shown("E2B_SANDBOX_ID"), Shown("E2B_TEMPLATE_ID"), Shown("E2B_SANDBOX")));
        Assert.Equal("two", _state.Current.AccessToken);
        Assert.Equal([new("WHO", "fork")], _state.Current.EnvVars);
    }

    [Fact]
    public async Task Init_WithTheOriginsTokenInAFork_IsRefusedAndChangesNothing()
    {
        WriteHost("one", sandbox: "origin");
        await InitAsync("""{"accessToken":"one","envVars":{"WHO":"origin"}}""");
        WriteHost("two", sandbox: "fork");

        Assert.Equal((401, "access token validation failed"), await InitAsync("""{"accessToken":"one","envVars":{"WHO":"thief"}}"""));
        Assert.Equal((401, "access token reset not authorized"), await InitAsync("""{"envVars":{"WHO":"thief"}}"""));

        Assert.Equal("origin", _state.Current.EnvVars["WHO"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"sandboxId\":\"i")]
    [InlineData("null")]
    [InlineData("{}")]
    public async Task Init_HostFileHalfWritten_WaitsForTheWhole(string half)
    {
        File.WriteAllText(HostFile, half);
        Assert.Equal(503, (await InitAsync("""{"accessToken":"anything"}""")).Status);
        Assert.Null(_state.Current.AccessToken);

        WriteHost("right");
        Assert.Equal(401, (await InitAsync("""{"accessToken":"anything"}""")).Status);
        Assert.Equal(204, (await InitAsync("""{"accessToken":"right"}""")).Status);
    }

    [Fact]
    public async Task Init_WokenWhereTheClockIsBehind_IsNotTakenForOld()
    {
        WriteHost("one", sandbox: "origin");
        await InitAsync($$$"""{"accessToken":"one","timestamp":"{{{Now}}}","lifecycleID":"first","envVars":{"A":"1"}}""");

        await InitAsync($$$"""{"accessToken":"one","timestamp":"{{{_time.GetUtcNow().AddSeconds(-2):O}}}","lifecycleID":"second","envVars":{"A":"2"}}""");
        Assert.Equal("2", _state.Current.EnvVars["A"]);

        WriteHost("one", sandbox: "fork");
        await InitAsync($$$"""{"accessToken":"one","timestamp":"{{{_time.GetUtcNow().AddSeconds(-4):O}}}","lifecycleID":"second","envVars":{"A":"3"}}""");
        Assert.Equal("3", _state.Current.EnvVars["A"]);
    }

    [Fact]
    public async Task Init_FromTheFuture_DoesNotShutOutTheNext()
    {
        await InitAsync($$$"""{"timestamp":"{{{_time.GetUtcNow().AddYears(5):O}}}","envVars":{"A":"future"}}""");
        _time.Advance(TimeSpan.FromSeconds(1));
        await InitAsync($$$"""{"timestamp":"{{{Now}}}","envVars":{"A":"now"}}""");
        Assert.Equal("now", _state.Current.EnvVars["A"]);
    }

    [Fact]
    public async Task Init_ClockFarFromTheHosts_IsSetWhereItMay()
    {
        foreach (var difference in (double[])[-5.1, -4.9, 0.04, 0.06, 3600])
        {
            Assert.Equal(204, (await InitAsync($$"""{"timestamp":"{{_time.GetUtcNow().AddSeconds(difference):O}}"}""")).Status);
        }

        Assert.Equal([-5.1, 0.06, 3600], _clockSetTo.Select(set => Math.Round((set - _time.GetUtcNow()).TotalSeconds, 2)));
    }

    [Fact]
    public async Task Init_HostSaysNothingAnyMore_LeavesNoOldIds()
    {
        WriteHost("one", sandbox: "origin");
        await InitAsync("""{"accessToken":"one"}""");
        File.Delete(HostFile);
        await InitAsync("""{"accessToken":"one"}""");

        Assert.Equal(["E2B_SANDBOX"], _system.Variables.Keys);
        Assert.Equal([".E2B_SANDBOX"], Directory.GetFiles(Run).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Init_RunFiles_HaveTheirModes()
    {
        WriteHost("one");
        await InitAsync("""{"accessToken":"one"}""");
        await InitAsync("""{"accessToken":"one"}""");
        Assert.Equal(("444", "644"), (Mode(".E2B_SANDBOX"), Mode(".E2B_SANDBOX_ID")));

        string Mode(string name) => Convert.ToString((int)File.GetUnixFileMode(Path.Combine(Run, name)), 8);
    }

    [Fact]
    public async Task Init_EndlessBody_IsRefused() => Assert.Equal((400, ""), await InitAsync("{\"x\":\"" + new string('x', 5 << 20) + "\"}"));

    [Fact]
    public async Task Init_ManyAtOnce_AllSucceed()
    {
        WriteHost("one");
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => InitAsync($$"""{"accessToken":"one","timestamp":"{{Now}}"}""")));
        Assert.All(answers, answer => Assert.Equal((204, ""), answer));
    }

    private string Now => _time.GetUtcNow().ToString("O");

    private bool SetClock(DateTimeOffset target)
    {
        _clockSetTo.Add(target);
        return false;
    }

    private string Shown(string variable) => File.ReadAllText(Path.Combine(Run, "." + variable));

    private async Task<(int Status, string Body)> InitAsync(string body)
    {
        using var answer = new MemoryStream();
        var http = new DefaultHttpContext();
        http.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        http.Response.Body = answer;
        await _init.HandleAsync(http);
        Assert.Equal(EnvdVersion.Current, http.Response.Headers["X-Envd-Version"]);
        return (http.Response.StatusCode, Encoding.UTF8.GetString(answer.ToArray()));
    }

    private void WriteHost(string token, string sandbox = "i1", string template = "base") => File.WriteAllText(
        HostFile, $$"""{"sandboxId":"{{sandbox}}","templateId":"{{template}}","accessTokenHash":"{{Convert.ToHexStringLower(SHA512.HashData(Encoding.UTF8.GetBytes(token)))}}"}""");
}
