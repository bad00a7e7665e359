using System.Net;
using System.Net.Http.Headers;
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
    public async Task Compose_TwoSources_JoinsAndRemovesThem()
    {
        await using var host = await FilesHost.StartAsync();
        host.InHome("a", "1");
        host.InHome("b", "2");
        using var body = new StringContent("{\"source_paths\":[\"a\",\"b\"],\"destination\":\"c\"}");
        using var answer = await host.Http.PostAsync("/files/compose", body, Cancelled);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(["c"], Directory.GetFiles(host.Home).Select(Path.GetFileName));
        Assert.Equal("12", File.ReadAllText(host.InHome("c")));
    }

    private static StringContent Raw(string text) => new(text, Encoding.UTF8, MediaTypeHeaderValue.Parse("application/octet-stream"));

    private static StringContent Part(string text) => new(text);
}
