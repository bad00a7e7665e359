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
    private readonly InitEndpoint _init;

    public InitTests() => _init = new InitEndpoint(
        _state, new SystemEnvironment(Path.Combine(_directory, "run")), new TokenAuthority(HostFile), new Clock(_time));

    private string HostFile => Path.Combine(_directory, "host.json");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"unknown":1,"volumeMounts":[]}""")]
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
        Assert.Equal(204, (await InitAsync($$$"""{"timestamp":"{{{_time.GetUtcNow().AddSeconds(-1):O}}}","envVars":{"A":"old"}}""")).Status);
        Assert.Equal("new", _state.Current.EnvVars["A"]);
        await InitAsync("""{"envVars":{},"defaultUser":""}""");
        Assert.Empty(_state.Current.EnvVars);
        Assert.Equal("user", _state.Current.DefaultUser);
    }

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

    private void WriteHost(string token) => File.WriteAllText(
        HostFile, $$"""{"sandboxId":"i1","templateId":"base","accessTokenHash":"{{Convert.ToHexStringLower(SHA512.HashData(Encoding.UTF8.GetBytes(token)))}}"}""");
}
