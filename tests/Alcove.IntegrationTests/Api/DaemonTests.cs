using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Api;

/// <summary>What the daemon of a real sandbox does as root for whoever asks.</summary>
public sealed class DaemonTests(Installation installation)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task User_MakesDirectoriesAndFilesBesideTheRoot_AndOwnsThem()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);

        await CallAsync(sandbox, "filesystem.Filesystem/MakeDir", """{"path":"/test"}""");
        using var written = await sandbox.Daemon.PostAsync("/files?path=/test.txt&username=user", Bytes("x"), Cancelled);

        Assert.Equal(HttpStatusCode.OK, written.StatusCode);
        Assert.Equal("user:user 755\nuser:user 644\n", (await sandbox.RunAsync("stat -c '%U:%G %a' /test /test.txt")).Output);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    [InlineData("HUP")]
    [InlineData("QUIT")]
    public async Task Signal_ToTheFirstProcess_FromItsRoot_EndsNothing(string signal)
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);

        var sent = await sandbox.RunAsync($"kill -{signal} 1; sleep 0.2; echo sent", "root");

        Assert.Equal("sent\n", sent.Output);
        Assert.Equal("still\n", (await sandbox.RunAsync("echo still")).Output);
    }

    [Fact]
    public async Task RelativePaths_LieInTheHome_AndListsSayWhatStatSays()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await sandbox.RunAsync("mkdir -p rel/inner");
        using var written = await sandbox.Daemon.PostAsync("/files?path=rel/file.txt&username=user", Bytes("hello"), Cancelled);

        var entries = (await CallAsync(sandbox, "filesystem.Filesystem/ListDir", """{"path":"rel","depth":1}"""))["entries"]!.AsArray();

        Assert.Equal(["/home/user/rel/file.txt", "/home/user/rel/inner"], entries.Select(entry => (string)entry!["path"]!));
        foreach (var entry in entries)
        {
            var stat = (await CallAsync(sandbox, "filesystem.Filesystem/Stat", $$"""{"path":"{{(string)entry!["path"]!}}"}"""))["entry"]!;
            Assert.Equal(stat.ToJsonString(), entry.ToJsonString());
            Assert.Equal(("user", "user"), ((string)entry["owner"]!, (string)entry["group"]!));
        }

        Assert.Equal(("FILE_TYPE_FILE", 0x1A4, "-rw-r--r--", "5"), ((string)entries[0]!["type"]!, (int)entries[0]!["mode"]!, (string)entries[0]!["permissions"]!, (string)entries[0]!["size"]!));
        Assert.Equal(("FILE_TYPE_DIRECTORY", 0x1ED, "drwxr-xr-x"), ((string)entries[1]!["type"]!, (int)entries[1]!["mode"]!, (string)entries[1]!["permissions"]!));
    }

    [Fact]
    public async Task UnsecuredSandbox_TakesAndGivesFiles_WithoutAnyCredential()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api, new { secure = false });
        Assert.Null(sandbox.Token);

        using var written = await sandbox.Daemon.PostAsync("/files?path=/home/user/a", Bytes("open"), Cancelled);

        Assert.Equal(HttpStatusCode.OK, written.StatusCode);
        Assert.Equal("open", await sandbox.Daemon.GetStringAsync("/files?path=/home/user/a", Cancelled));
    }

    [Theory]
    [InlineData("python3 -m http.server 8001 >/dev/null & python3 -m http.server 8002")]
    [InlineData("sleep 300 && echo done")]
    public async Task Killed_WhileItsChildrenHoldThePipes_EndsItsStreamAndLeavesTheList(string command)
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await using var stream = sandbox.StartAsync(command, "user", Cancelled).GetAsyncEnumerator(Cancelled);
        Assert.True(await stream.MoveNextAsync());
        var pid = stream.Current.Event.Start.Pid;
        Assert.Equal(1, await sandbox.ProcessCountAsync());

        await CallAsync(sandbox, "process.Process/SendSignal", $$"""{"process":{"pid":{{pid}}},"signal":"SIGNAL_SIGKILL"}""");

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (await stream.MoveNextAsync().AsTask().WaitAsync(patience.Token))
        {
        }

        await Eventually.TrueAsync(async () => await sandbox.ProcessCountAsync() == 0, TimeSpan.FromSeconds(10));
    }

    private static ByteArrayContent Bytes(string text) => new(Encoding.UTF8.GetBytes(text)) { Headers = { ContentType = new("application/octet-stream") } };

    private static async Task<JsonNode> CallAsync(TestSandbox sandbox, string method, string json)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/{method}") { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new("Basic", Convert.ToBase64String("user:"u8));
        using var answer = await sandbox.Daemon.SendAsync(request, Cancelled);
        var text = await answer.Content.ReadAsStringAsync(Cancelled);
        return answer.IsSuccessStatusCode ? JsonNode.Parse(text)! : throw new InvalidOperationException($"{method}: {(int)answer.StatusCode} {text}");
    }
}
