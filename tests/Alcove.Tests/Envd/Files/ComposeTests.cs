using System.Net;
using Alcove.Tests.Envd.Hosting;
using Xunit;

namespace Alcove.Tests.Envd.Files;

public sealed class ComposeTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Compose_Sources_AreJoinedInOrderAndRemoved()
    {
        await using var host = await FilesHost.StartAsync();
        host.InHome("a", "1");
        host.InHome("b", "2");
        host.InHome("c", "old");
        Assert.Equal(
            (HttpStatusCode.OK, $"{{\"path\":\"{host.Home}/c\",\"name\":\"c\",\"type\":\"file\"}}"),
            await ComposeAsync(host, """{"source_paths":["b","~/a"],"destination":"c"}"""));
        Assert.Equal(["c"], Names(host));
        Assert.Equal("21", File.ReadAllText(host.InHome("c")));
    }

    [Fact]
    public async Task Compose_IntoNewDirectories_MakesThem()
    {
        await using var host = await FilesHost.StartAsync();
        host.InHome("a", "1");
        Assert.Equal(HttpStatusCode.OK, (await ComposeAsync(host, """{"source_paths":["a","a"],"destination":"x/y/c","username":"me"}""")).Status);
        Assert.Equal("11", File.ReadAllText(host.InHome("x/y/c")));
    }

    [Theory]
    [InlineData("", HttpStatusCode.BadRequest, "error decoding request")]
    [InlineData("[]", HttpStatusCode.BadRequest, "error decoding request")]
    [InlineData("{}", HttpStatusCode.BadRequest, "source_paths must not be empty")]
    [InlineData("""{"source_paths":[],"destination":"c"}""", HttpStatusCode.BadRequest, "source_paths must not be empty")]
    [InlineData("""{"source_paths":[null],"destination":"c"}""", HttpStatusCode.BadRequest, "source_paths must be strings")]
    [InlineData("""{"source_paths":["a"]}""", HttpStatusCode.BadRequest, "destination is required")]
    [InlineData("""{"source_paths":["a"],"destination":"~other/c"}""", HttpStatusCode.BadRequest, "cannot expand user-specific home dir")]
    [InlineData("""{"source_paths":["a"],"destination":"a"}""", HttpStatusCode.BadRequest, "source and destination are the same")]
    [InlineData("""{"source_paths":["a"],"destination":"d/../a"}""", HttpStatusCode.BadRequest, "source and destination are the same")]
    [InlineData("""{"source_paths":["a"],"destination":"l/a"}""", HttpStatusCode.BadRequest, "source and destination are the same")]
    [InlineData("""{"source_paths":["a","d"],"destination":"c"}""", HttpStatusCode.BadRequest, "source is not a regular file")]
    [InlineData("""{"source_paths":["pipe"],"destination":"c"}""", HttpStatusCode.BadRequest, "source is not a regular file")]
    [InlineData("""{"source_paths":["a"],"destination":"d"}""", HttpStatusCode.BadRequest, "path is a directory")]
    [InlineData("""{"source_paths":["a","no"],"destination":"c"}""", HttpStatusCode.NotFound, "source file not found: ")]
    [InlineData("""{"source_paths":["a"],"destination":"c","username":"nobody else"}""", HttpStatusCode.Unauthorized, "error looking up user 'nobody else'")]
    public async Task Compose_NotPossible_ChangesNothing(string body, HttpStatusCode status, string message)
    {
        await using var host = await FilesHost.StartAsync();
        host.InHome("a", "1");
        host.InHome("kept", "2");
        host.MakePipe("pipe");
        Directory.CreateDirectory(host.InHome("d"));
        File.CreateSymbolicLink(host.InHome("l"), host.Home);
        var answer = await ComposeAsync(host, body);
        Assert.Equal(status, answer.Status);
        Assert.Contains(message, answer.Body, StringComparison.Ordinal);
        Assert.Equal(["a", "d", "kept", "l", "pipe"], Names(host));
    }

    [Fact]
    public async Task Compose_FailsInTheMiddle_KeepsTheDestinationAndLeavesNoPiece()
    {
        await using var host = await FilesHost.StartAsync();
        host.InHome("a", "1");
        File.CreateSymbolicLink(host.InHome("b"), "/proc/self/mem"); // a regular file whose first bytes cannot be read
        host.InHome("c", "old");
        Assert.Equal(HttpStatusCode.InternalServerError, (await ComposeAsync(host, """{"source_paths":["a","b"],"destination":"c"}""")).Status);
        Assert.Equal(["a", "b", "c"], Names(host));
        Assert.Equal("old", File.ReadAllText(host.InHome("c")));
    }

    [Fact]
    public async Task Compose_SecuredSandbox_WantsTheTokenAndTakesNoSignature()
    {
        await using var host = await FilesHost.StartAsync();
        host.State.Current = host.State.Current with { AccessToken = "secret" };
        Assert.Equal(HttpStatusCode.Unauthorized, (await ComposeAsync(host, "{}", "?signature=v1_any")).Status);
        host.Http.DefaultRequestHeaders.Add("X-Access-Token", "secret");
        Assert.Equal(HttpStatusCode.BadRequest, (await ComposeAsync(host, "{}")).Status);
    }

    private static async Task<(HttpStatusCode Status, string Body)> ComposeAsync(FilesHost host, string body, string query = "")
    {
        using var content = new StringContent(body);
        using var answer = await host.Http.PostAsync("/files/compose" + query, content, Cancelled);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancelled));
    }

    private static IEnumerable<string?> Names(FilesHost host) => Directory.GetFileSystemEntries(host.Home).Select(Path.GetFileName).Order(StringComparer.Ordinal);
}
