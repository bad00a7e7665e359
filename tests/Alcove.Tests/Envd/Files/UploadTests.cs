using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Alcove.Tests.Envd.Hosting;
using CsCheck;
using Xunit;

namespace Alcove.Tests.Envd.Files;

public sealed class UploadTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Upload_RawRelativePath_LandsInHomeWithMetadata()
    {
        await using var host = await FilesHost.StartAsync();
        using var body = Raw("hello");
        body.Headers.Add("X-Metadata-Kind", "greeting");
        using var answer = await host.Http.PostAsync("/files?path=a/b.txt", body, Cancelled);
        var text = await answer.Content.ReadAsStringAsync(Cancelled);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.StartsWith($"[{{\"path\":\"{host.Home}/a/b.txt\",\"name\":\"b.txt\",\"type\":\"file\"", text, StringComparison.Ordinal);
        Assert.Equal("hello", File.ReadAllText(host.InHome("a/b.txt")));
    }

    [Fact]
    public async Task Upload_ToTheLongestPath_AndBack_IsNotTooLongForARequest()
    {
        await using var host = await FilesHost.StartAsync();
        var path = string.Join('/', Enumerable.Repeat(new string('é', 120), 16));
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/files?path={Uri.EscapeDataString(path)}") { Content = Raw("hello"), Headers = { { "X-Long", new string('x', 60_000) } } };
        using var answer = await host.Http.SendAsync(request, Cancelled);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("hello", await host.Http.GetStringAsync(new Uri($"/files?path={Uri.EscapeDataString(path)}", UriKind.Relative), Cancelled));
    }

    [Fact]
    public async Task Upload_FormWithoutPath_UsesWholeFileNames()
    {
        await using var host = await FilesHost.StartAsync();
        using var form = new MultipartFormDataContent { { Part("1"), "file", $"{host.Root}/x/one" }, { Part("2"), "file", "two" }, { Part("3"), "other", "three" } };
        using var answer = await host.Http.PostAsync("/files", form, Cancelled);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("1", File.ReadAllText($"{host.Root}/x/one"));
        Assert.Equal("2", File.ReadAllText(host.InHome("two")));
        Assert.False(File.Exists(host.InHome("three")));
    }

    [Theory]
    [InlineData("""back\slash""", """back\slash""")]
    [InlineData("""back\\slash""", """back\slash""")]
    [InlineData("""quo\"te""", "quo\"te")]
    [InlineData("é日😀 ;=,", "é日😀 ;=,")]
    public async Task Upload_FileNameOfOddCharacters_IsTakenAsBrowsersWriteIt(string written, string name)
    {
        await using var host = await FilesHost.StartAsync();
        using var body = new StringContent($"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{written}\"\r\n\r\n1\r\n--b--\r\n");
        body.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=b");
        using var answer = await host.Http.PostAsync("/files", body, Cancelled);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal([name], Directory.GetFiles(host.Home).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Upload_PathField_NamesTheTarget(bool before)
    {
        await using var host = await FilesHost.StartAsync();
        using var form = new MultipartFormDataContent("b");
        if (before)
        {
            form.Add(new StringContent("there"), "path");
        }

        form.Add(Part("1"), "file", "script.py");
        if (!before)
        {
            form.Add(new StringContent("there"), "path");
        }

        using var answer = await host.Http.PostAsync("/files", form, Cancelled);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(["there"], Directory.GetFiles(host.Home).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Upload_SecondPartBroken_KeepsTheFirstAndNoSpool()
    {
        await using var host = await FilesHost.StartAsync();
        using var body = new StringContent("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"one\"\r\n\r\n1\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"two\"\r\n\r\n2");
        body.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=b");
        using var answer = await host.Http.PostAsync("/files", body, Cancelled);
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal(["one"], Directory.GetFiles(host.Home).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Upload_TwoPartsOnePath_KeepsTheFirst()
    {
        await using var host = await FilesHost.StartAsync();
        using var form = new MultipartFormDataContent { { Part("1"), "file", "a" }, { Part("2"), "file", "a" } };
        using var answer = await host.Http.PostAsync("/files?path=same", form, Cancelled);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("you cannot upload multiple files to the same path", await answer.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
        Assert.Equal("1", File.ReadAllText(host.InHome("same")));
    }

    [Theory]
    [InlineData("text/plain", "?path=a", HttpStatusCode.BadRequest)]
    [InlineData("application/octet-stream", "", HttpStatusCode.BadRequest)]
    [InlineData("application/octet-stream", "?path=~other/a", HttpStatusCode.BadRequest)]
    [InlineData("application/octet-stream", "?path=.", HttpStatusCode.BadRequest)]
    [InlineData("application/octet-stream", "?path=a&username=", HttpStatusCode.Unauthorized)]
    public async Task Upload_NotOne_IsRefused(string type, string query, HttpStatusCode status)
    {
        await using var host = await FilesHost.StartAsync();
        using var body = new StringContent("x", Encoding.UTF8, MediaTypeHeaderValue.Parse(type));
        using var answer = await host.Http.PostAsync("/files" + query, body, Cancelled);
        Assert.Equal(status, answer.StatusCode);
    }

    [Fact]
    public async Task Upload_FourAtOnceIntoNewDirectories_AllSucceed()
    {
        await using var host = await FilesHost.StartAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => host.Http.PostAsync($"/files?path=n/e/s/t/{i}", Raw("x"), Cancelled)));
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        Assert.Equal(4, Directory.GetFiles(host.InHome("n/e/s/t")).Length);
    }

    [Fact]
    public async Task Upload_AnyBytesInAnyPieces_ArriveAsTheyWere()
    {
        await using var host = await FilesHost.StartAsync();
        await Gen.Select(Gen.Byte[10, 45].Array[0, 3000], Gen.Int[1, 700]).SampleAsync(
            async (data, piece) =>
            {
                using var form = new MultipartFormDataContent("--") { { new StreamContent(new MemoryStream(data), piece), "file", "any" } };
                using var answer = await host.Http.PostAsync("/files", form, Cancelled);
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                Assert.Equal(data, File.ReadAllBytes(host.InHome("any")));
            },
            iter: 60,
            threads: 1);
    }

    [Fact]
    public async Task Upload_ClientGoesAwayInTheMiddle_LeavesNoSpool()
    {
        await using var host = await FilesHost.StartAsync();
        var before = Spools();
        using var client = new TcpClient();
        await client.ConnectAsync(host.Http.BaseAddress!.Host, host.Http.BaseAddress.Port, Cancelled);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            "POST /files HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 9999999\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"one\"\r\n\r\n" + new string('x', 1 << 20)), Cancelled);
        await WaitAsync(host, () => Spools().Length > before.Length);
        client.Client.Close(0);
        await WaitAsync(host, () => Spools().Length == before.Length);
        Assert.Empty(Directory.GetFiles(host.Home));

        static string[] Spools() => Directory.GetFiles(Path.GetTempPath(), ".envd-upload-*");
    }

    [Fact]
    public async Task Upload_FormToAnotherFileSystem_IsSpooledThere()
    {
        await using var host = await FilesHost.StartAsync();
        var directory = Directory.CreateDirectory($"/dev/shm/alcove-{Guid.NewGuid():n}").FullName;
        try
        {
            using var watcher = new FileSystemWatcher(directory) { EnableRaisingEvents = true };
            var spooled = new TaskCompletionSource();
            watcher.Created += (_, e) => _ = e.Name!.StartsWith(".envd-upload-", StringComparison.Ordinal) && spooled.TrySetResult();
            using var form = new MultipartFormDataContent { { Part("1"), "file", $"{directory}/one" } };
            using var answer = await host.Http.PostAsync("/files", form, Cancelled);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            await spooled.Task.WaitAsync(Cancelled);
            Assert.Equal(["one"], Directory.GetFiles(directory).Select(Path.GetFileName));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Theory]
    [InlineData("application/octet-stream", "attempted to write 5 bytes: not enough disk space available")]
    [InlineData("chunked", "not enough disk space available")]
    public async Task Upload_DiskFull_Is507(string kind, string message)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "gives a device to whoever runs the tests");
        await using var host = await FilesHost.StartAsync();
        File.CreateSymbolicLink(host.InHome("full"), "/dev/full");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/files?path=full") { Content = Raw("hello") };
        request.Headers.TransferEncodingChunked = kind == "chunked";
        using var answer = await host.Http.SendAsync(request, Cancelled);
        Assert.Equal(507, (int)answer.StatusCode);
        Assert.Equal($"{{\"code\":507,\"message\":\"{message}\"}}\n", await answer.Content.ReadAsStringAsync(Cancelled));
    }

    [Fact]
    public async Task Upload_ToANamedPipe_IsRefusedAtOnce()
    {
        await using var host = await FilesHost.StartAsync();
        host.MakePipe("pipe");
        using var answer = await host.Http.PostAsync("/files?path=pipe", Raw("x"), Cancelled);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Upload_ExistingFile_KeepsItsModeAndNewOnesAreReadable()
    {
        await using var host = await FilesHost.StartAsync();
        File.SetUnixFileMode(host.InHome("own", "x"), (UnixFileMode)0x180);
        (await host.Http.PostAsync("/files?path=own", Raw("y"), Cancelled)).Dispose();
        (await host.Http.PostAsync("/files?path=new", Raw("y"), Cancelled)).Dispose();
        Assert.Equal(((UnixFileMode)0x180, (UnixFileMode)0x1A4), (File.GetUnixFileMode(host.InHome("own")), File.GetUnixFileMode(host.InHome("new"))));
    }

    [Fact]
    public async Task Upload_WithoutMetadata_ErasesWhatWasThere()
    {
        await using var host = await FilesHost.StartAsync();
        using var with = Raw("x");
        with.Headers.Add("X-Metadata-Kind", "one");
        (await host.Http.PostAsync("/files?path=a", with, Cancelled)).Dispose();
        using var again = await host.Http.PostAsync("/files?path=a", Raw("y"), Cancelled);
        Assert.Equal($"[{{\"path\":\"{host.Home}/a\",\"name\":\"a\",\"type\":\"file\"}}]", await again.Content.ReadAsStringAsync(Cancelled));
    }

    [Theory]
    [InlineData("X-Metadata-a", "\u007f")]
    [InlineData("X-Metadata-long", null)]
    public async Task Upload_MetadataThatCannotBeKept_IsRefusedBeforeAnythingIsWritten(string name, string? value)
    {
        await using var host = await FilesHost.StartAsync();
        using var body = Raw("x");
        body.Headers.TryAddWithoutValidation(name, value ?? new string('v', 4097));
        using var answer = await host.Http.PostAsync("/files?path=a", body, Cancelled);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("invalid metadata", await answer.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(host.Home));
    }

    [Fact]
    public async Task Upload_Packed_IsUnpackedAndOtherCodingsAreRefused()
    {
        await using var host = await FilesHost.StartAsync();
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionMode.Compress, leaveOpen: true))
        {
            await gzip.WriteAsync("hello"u8.ToArray(), Cancelled);
        }

        Assert.Equal(HttpStatusCode.OK, await PostAsync("gzip"));
        Assert.Equal("hello", File.ReadAllText(host.InHome("a")));
        Assert.Equal(HttpStatusCode.BadRequest, await PostAsync("br"));

        async Task<HttpStatusCode> PostAsync(string coding)
        {
            using var body = new ByteArrayContent(packed.ToArray()) { Headers = { ContentType = new("application/octet-stream"), ContentEncoding = { coding } } };
            using var answer = await host.Http.PostAsync("/files?path=a", body, Cancelled);
            return answer.StatusCode;
        }
    }

    [Theory]
    [InlineData(9)]
    [InlineData(4)]
    [InlineData(200)]
    public async Task Upload_PackedAndCutShort_IsNotTakenForTheWhole(int missing)
    {
        await using var host = await FilesHost.StartAsync();
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionMode.Compress, leaveOpen: true))
        {
            await gzip.WriteAsync(System.Security.Cryptography.RandomNumberGenerator.GetBytes(100_000), Cancelled);
        }

        using var body = new ByteArrayContent(packed.ToArray()[..^missing]) { Headers = { ContentType = new("application/octet-stream"), ContentEncoding = { "gzip" } } };
        using var answer = await host.Http.PostAsync("/files?path=a", body, Cancelled);
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
    }

    /// <summary>Asks again and again; each question gives the daemon a turn.</summary>
    private static async Task WaitAsync(FilesHost host, Func<bool> condition)
    {
        while (!condition())
        {
            (await host.Http.GetAsync("/health", Cancelled)).Dispose();
        }
    }

    private static StringContent Raw(string text) => new(text, Encoding.UTF8, MediaTypeHeaderValue.Parse("application/octet-stream"));

    private static StringContent Part(string text) => new(text);
}
