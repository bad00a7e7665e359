using System.IO.Compression;
using System.Net;
using Alcove.Envd.Files;
using Alcove.Tests.Envd.Hosting;
using Xunit;

namespace Alcove.Tests.Envd.Files;

public sealed class DownloadTests
{
    private static readonly DateTimeOffset Modified = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null, null, "")]
    [InlineData("gzip", null, "gzip")]
    [InlineData("br, gzip;q=0.5", null, "gzip")]
    [InlineData("gzip;q=0.5, identity", null, "")]
    [InlineData("*, identity;q=0", null, "gzip")]
    [InlineData("gzip", "bytes=0-1", "")]
    public async Task Download_Encodings_AreNegotiated(string? accepted, string? range, string expected)
    {
        await using var host = await FilesHost.StartAsync();
        host.InHome("a.txt", "hello");
        using var answer = await GetAsync(host, "/files?path=a.txt", ("Accept-Encoding", accepted), ("Range", range));
        Assert.True(answer.IsSuccessStatusCode);
        Assert.Equal(expected, string.Join(',', answer.Content.Headers.ContentEncoding));
        Assert.Equal("inline; filename=a.txt", answer.Content.Headers.ContentDisposition?.ToString());
    }

    [Theory]
    [InlineData("identity;q=0", null)]
    [InlineData("*;q=0", null)]
    [InlineData("*, gzip;q=0, identity;q=0", null)]
    [InlineData("gzip, identity;q=0", "bytes=0-1")]
    public async Task Download_NothingAcceptable_Is406(string accepted, string? range)
    {
        await using var host = await FilesHost.StartAsync();
        host.InHome("a.txt", "hello");
        using var answer = await GetAsync(host, "/files?path=a.txt", ("Accept-Encoding", accepted), ("Range", range));
        Assert.Equal(HttpStatusCode.NotAcceptable, answer.StatusCode);
    }

    [Theory]
    [InlineData("bytes=1-3", HttpStatusCode.PartialContent, "bcd")]
    [InlineData("bytes=-2", HttpStatusCode.PartialContent, "ef")]
    [InlineData("bytes=4-99", HttpStatusCode.PartialContent, "ef")]
    [InlineData("bytes=6-", HttpStatusCode.RequestedRangeNotSatisfiable, "")]
    public async Task Download_Ranges_AreGiven(string range, HttpStatusCode status, string text)
    {
        await using var host = await FilesHost.StartAsync();
        host.InHome("a.txt", "abcdef");
        using var answer = await GetAsync(host, "/files?path=a.txt", ("Range", range));
        Assert.Equal(status, answer.StatusCode);
        Assert.Equal(text, await answer.Content.ReadAsStringAsync(Cancelled));
    }

    [Fact]
    public async Task Download_EmptyFile_SaysItsLength()
    {
        await using var host = await FilesHost.StartAsync();
        host.InHome("empty", string.Empty);
        using var answer = await GetAsync(host, "/files?path=empty", ("Range", "bytes=0-"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(0, answer.Content.Headers.ContentLength);
        using var packed = await GetAsync(host, "/files?path=empty", ("Accept-Encoding", "gzip"));
        await using var unpacked = new GZipStream(await packed.Content.ReadAsStreamAsync(Cancelled), CompressionMode.Decompress);
        Assert.Equal(-1, unpacked.ReadByte());
    }

    [Fact]
    public async Task Download_UnchangedMissingAndDirectory_Are304404And400()
    {
        await using var host = await FilesHost.StartAsync();
        host.InHome("a", "x");
        using var first = await GetAsync(host, "/files?path=a");
        using var again = await GetAsync(host, "/files?path=a", ("If-Modified-Since", first.Content.Headers.LastModified!.Value.ToString("r")));
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
        using var missing = await GetAsync(host, "/files?path=no");
        Assert.Equal($"{{\"code\":404,\"message\":\"path '{host.Home}/no' does not exist\"}}\n", await missing.Content.ReadAsStringAsync(Cancelled));
        using var directory = await GetAsync(host, "/files?path=.");
        Assert.Equal(HttpStatusCode.BadRequest, directory.StatusCode);
    }

    [Theory]
    [InlineData("If-Match", "*", HttpStatusCode.OK)]
    [InlineData("If-Match", "\"tag\"", HttpStatusCode.PreconditionFailed)]
    [InlineData("If-Unmodified-Since", "same", HttpStatusCode.OK)]
    [InlineData("If-Unmodified-Since", "before", HttpStatusCode.PreconditionFailed)]
    [InlineData("If-None-Match", "*", HttpStatusCode.NotModified)]
    [InlineData("If-None-Match", "\"tag\"", HttpStatusCode.OK)]
    [InlineData("If-Modified-Since", "same", HttpStatusCode.NotModified)]
    [InlineData("If-Modified-Since", "before", HttpStatusCode.OK)]
    [InlineData("If-Modified-Since", "nonsense", HttpStatusCode.OK)]
    public async Task Download_OnACondition_IsGivenOrNot(string name, string value, HttpStatusCode status)
    {
        await using var host = await FilesHost.StartAsync();
        File.SetLastWriteTimeUtc(host.InHome("a", "hello"), Modified.UtcDateTime.AddMilliseconds(300));
        using var answer = await GetAsync(host, "/files?path=a", (name, When(value)));
        Assert.Equal(status, answer.StatusCode);
        Assert.Equal(status == HttpStatusCode.OK ? "hello" : string.Empty, await answer.Content.ReadAsStringAsync(Cancelled));
    }

    [Theory]
    [InlineData("If-Range", "same", HttpStatusCode.PartialContent, "el")]
    [InlineData("If-Range", "before", HttpStatusCode.OK, "hello")]
    [InlineData("If-Range", "\"tag\"", HttpStatusCode.OK, "hello")]
    [InlineData("If-Match", "\"tag\"", HttpStatusCode.PreconditionFailed, "")]
    [InlineData("If-Modified-Since", "same", HttpStatusCode.NotModified, "")]
    public async Task Download_RangeOnACondition_IsGivenOrNot(string name, string value, HttpStatusCode status, string text)
    {
        await using var host = await FilesHost.StartAsync();
        File.SetLastWriteTimeUtc(host.InHome("a", "hello"), Modified.UtcDateTime);
        using var answer = await GetAsync(host, "/files?path=a", ("Range", "bytes=1-2"), (name, When(value)));
        Assert.Equal(status, answer.StatusCode);
        Assert.Equal(text, await answer.Content.ReadAsStringAsync(Cancelled));
    }

    [Fact]
    public async Task Download_SeveralRanges_ComeInOneBody()
    {
        await using var host = await FilesHost.StartAsync();
        host.InHome("a.txt", "abcdef");
        using var answer = await GetAsync(host, "/files?path=a.txt", ("Range", "bytes=0-1,4-5"));
        Assert.Equal(HttpStatusCode.PartialContent, answer.StatusCode);
        Assert.Equal("multipart/byteranges", answer.Content.Headers.ContentType?.MediaType);
        var text = await answer.Content.ReadAsStringAsync(Cancelled);
        Assert.Contains("Content-Range: bytes 0-1/6\r\n\r\nab\r\n", text, StringComparison.Ordinal);
        Assert.Contains("Content-Range: bytes 4-5/6\r\n\r\nef\r\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Download_NamedPipe_IsRefusedAtOnce()
    {
        await using var host = await FilesHost.StartAsync();
        host.MakePipe("pipe");
        using var answer = await GetAsync(host, "/files?path=pipe");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Download_NameTooLong_IsNotMissing()
    {
        await using var host = await FilesHost.StartAsync();
        using var answer = await GetAsync(host, "/files?path=" + new string('x', 300));
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
    }

    [Theory]
    [InlineData("r\u00e9sum\u00e9.txt", "inline; filename*=utf-8''r%C3%A9sum%C3%A9.txt")]
    [InlineData("a b\".txt", "inline; filename=\"a b\\\".txt\"")]
    public async Task Download_AnyName_IsQuotedAsNeeded(string name, string disposition)
    {
        await using var host = await FilesHost.StartAsync();
        host.InHome(name, "x");
        using var answer = await GetAsync(host, "/files?path=" + Uri.EscapeDataString(name), ("Origin", "https://a.example"));
        Assert.Equal(disposition, answer.Content.Headers.GetValues("Content-Disposition").Single());
        Assert.Equal(["Origin", "Accept-Encoding"], answer.Headers.Vary);
    }

    [Theory]
    [InlineData("read", null, null, HttpStatusCode.OK, "hello")]
    [InlineData("write", null, null, HttpStatusCode.Unauthorized, "invalid signature")]
    [InlineData("read", 1_800_000_000L, 1_800_000_000L, HttpStatusCode.OK, "hello")]
    [InlineData("read", 1_799_999_999L, 1_799_999_999L, HttpStatusCode.Unauthorized, "{\"code\":401,\"message\":\"signature is already expired\"}\n")]
    [InlineData("read", null, 1_900_000_000L, HttpStatusCode.Unauthorized, "invalid signature")]
    public async Task Download_Signed_IsChecked(string operation, long? hashed, long? sent, HttpStatusCode status, string text)
    {
        await using var host = await FilesHost.StartAsync();
        host.InHome("a", "hello");
        host.State.Current = host.State.Current with { AccessToken = "secret" };
        var signature = Uri.EscapeDataString(FileSignature.Compute("a", operation, string.Empty, "secret", hashed));
        using var answer = await GetAsync(host, $"/files?path=a&signature={signature}" + (sent is { } end ? $"&signature_expiration={end}" : string.Empty));
        Assert.Equal(status, answer.StatusCode);
        Assert.Contains(text, await answer.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
        using var without = await GetAsync(host, "/files?path=a");
        Assert.Equal(HttpStatusCode.Unauthorized, without.StatusCode);
    }

    [Fact]
    public async Task Download_SignedButMissing_Is404()
    {
        await using var host = await FilesHost.StartAsync();
        host.State.Current = host.State.Current with { AccessToken = "secret" };
        var signature = Uri.EscapeDataString(FileSignature.Compute("demo/test.txt", "read", string.Empty, "secret", 1_900_000_000));
        using var answer = await GetAsync(host, $"/files?path=demo/test.txt&signature={signature}&signature_expiration=1900000000");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Contains($"path '{host.Home}/demo/test.txt' does not exist", await answer.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
    }

    private static string When(string value) => value switch
    {
        "same" => Modified.ToString("r"),
        "before" => Modified.AddSeconds(-1).ToString("r"),
        _ => value,
    };

    private static async Task<HttpResponseMessage> GetAsync(FilesHost host, string path, params (string Name, string? Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in headers.Where(header => header.Value is not null))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await host.Http.SendAsync(request, Cancelled);
    }
}
