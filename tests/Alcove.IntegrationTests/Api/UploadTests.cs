using System.Net;
using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Api;

/// <summary>The usage guide's upload with a form field, by curl over TLS.</summary>
public sealed class UploadTests(Installation installation)
{
    private static string Certificate => Path.Combine(TestHome.Path, "server", "tls", "ca.crt");

    [Fact]
    public async Task FormField_NamesTheTarget_OverTls()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await using var file = await TemporaryFile.CreateAsync("script.py", "print('hi')");

        var answer = await CurlAsync("-X", "POST", $"https://{(string)sandbox.Created["domain"]!}/files", "-F", $"file=@{file.Path}", "-F", "path=/home/user/deeper/other.py");

        Assert.Equal("""[{"path":"/home/user/deeper/other.py","name":"other.py","type":"file"}]""", answer.Trim());
        Assert.Equal("hi\nother.py\n", (await sandbox.RunAsync("python3 deeper/other.py; ls; ls deeper")).Output.Replace("deeper\n", string.Empty, StringComparison.Ordinal));
    }

    [Fact]
    public async Task PathAfterALargeFile_NothingAppearsElsewhere_AndMemoryStaysBounded()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await using var file = await TemporaryFile.CreateAsync("large.bin", size: 100 << 20);
        using var watching = new CancellationTokenSource();
        var seen = new List<string>();
        var watch = Task.Run(async () =>
        {
            await foreach (var message in sandbox.StartAsync("while :; do ls /home/user / | grep large.bin; sleep 0.02; done", "root", watching.Token))
            {
                seen.Add(message.Event.Data?.Stdout?.ToStringUtf8() ?? string.Empty);
            }
        }, TestContext.Current.CancellationToken);

        await CurlAsync("-X", "POST", $"https://{(string)sandbox.Created["domain"]!}/files", "-F", $"file=@{file.Path}", "-F", "path=/home/user/there.bin");
        await watching.CancelAsync();
        await watch.ContinueWith(_ => { }, TaskScheduler.Default);

        Assert.DoesNotContain(seen, text => text.Contains("large.bin", StringComparison.Ordinal));
        Assert.Equal($"{100 << 20}\n", (await sandbox.RunAsync("stat -c %s there.bin")).Output);
        var peak = long.Parse((await sandbox.RunAsync("awk '/VmHWM/ {print $2}' /proc/1/status", "root")).Output, System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(peak, 1, 80 << 10);
    }

    [Fact]
    public async Task UnknownSignature_Names_TheWayOut()
    {
        using var http = new HttpClient();

        using var answer = await http.GetAsync($"{Installation.SandboxUrl}/files?path=/x&signature=v1_nonsense", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("E2B_DOMAIN", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private static async Task<string> CurlAsync(params string[] arguments) =>
        (await Command.RunAsync("curl", ["-sS", "--fail-with-body", "--cacert", Certificate, .. arguments])).Succeeded().Output;

    private sealed class TemporaryFile(string directory, string path) : IAsyncDisposable
    {
        public string Path => path;

        public static async Task<TemporaryFile> CreateAsync(string name, string text = "", int size = 0)
        {
            var directory = Directory.CreateTempSubdirectory("alcove-test-").FullName;
            var path = System.IO.Path.Combine(directory, name);
            await File.WriteAllTextAsync(path, text);
            if (size > 0)
            {
                await using var file = File.OpenWrite(path);
                file.SetLength(size);
            }

            return new TemporaryFile(directory, path);
        }

        public ValueTask DisposeAsync()
        {
            Directory.Delete(directory, recursive: true);
            return ValueTask.CompletedTask;
        }
    }
}
