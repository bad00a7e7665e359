using Alcove.Server.Edge;
using CsCheck;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Alcove.Tests.Server.Edge;

public sealed class TargetReaderTests
{
    private static readonly TargetReader Reader = new(new EdgeOptions { Domain = "alcove.example.com" });

    [Theory]
    [InlineData("49983-abc123.example.com", "abc123", 49983)]
    [InlineData("3000-abc123-6532622b.sub.example.com:8443", "abc123", 3000)]
    [InlineData("3000-abc-d-e-f.example.com", "abc", 3000)]
    [InlineData("8080-i0123456789abcdefghij.localhost:3002", "i0123456789abcdefghij", 8080)]
    [InlineData("70000-abc.example.com", "abc", 70000)]
    [InlineData("0-abc.example.com", "abc", 0)]
    [InlineData("i0123456789abcdef.localhost:3002", "i0123456789abcdef", 49983)]
    [InlineData("i0123456789abcdefghij.alcove.example.com", "i0123456789abcdefghij", 49983)]
    public void Read_HostThatNamesASandbox_IsThat(string host, string id, ulong port) =>
        Assert.Equal($"{id}:{port}", Read(host));

    [Theory]
    [InlineData("", "Invalid host")]
    [InlineData("example", "Invalid host")]
    [InlineData("49983-abc123", "Invalid host")]
    [InlineData("49983-abc123.", "Invalid host")]
    [InlineData("example.com", "Invalid host")]
    [InlineData("www.example.com", "Invalid host")]
    [InlineData("i012345.example.com", "Invalid host")]
    [InlineData("j0123456789abcdefghij.example.com", "Invalid host")]
    [InlineData("i0123456789ABCDEFGHIJ.example.com", "Invalid host")]
    [InlineData("80-ABC.example.com", "Invalid sandbox ID")]
    [InlineData("80-.example.com", "Invalid sandbox ID")]
    [InlineData("80-a_b.example.com", "Invalid sandbox ID")]
    [InlineData("i01234567890123456789012345678901234567890123456789012345678901.example.com", "Invalid sandbox ID")]
    [InlineData("http-abc.example.com", "Invalid sandbox port")]
    [InlineData("-abc.example.com", "Invalid sandbox port")]
    [InlineData("99999999999999999999999-abc.example.com", "Invalid sandbox port")]
    [InlineData("127.0.0.1", "Invalid host")]
    [InlineData("127.0.0.1:3002", "Invalid host")]
    [InlineData("[::1]:3002", "Invalid host")]
    [InlineData("localhost:3002", "Invalid host")]
    [InlineData("sandbox.example.com", "Invalid host")]
    [InlineData("alcove.example.com", "Invalid host")]
    public void Read_HostThatNamesNone_IsRefused(string host, string refusal) => Assert.Equal(refusal, Read(host));

    [Theory]
    [InlineData("localhost")]
    [InlineData("LOCALHOST:3002")]
    [InlineData("127.0.0.1:3002")]
    [InlineData("10.1.2.3")]
    [InlineData("[::1]")]
    [InlineData("[2001:db8::1]:3002")]
    [InlineData("sandbox.example.com")]
    [InlineData("sandbox.example.com:3002")]
    [InlineData("alcove.example.com:3002")]
    [InlineData("api.alcove.example.com")]
    public void Read_SharedHost_TakesTheHeaders(string host)
    {
        Assert.Equal("abc:8080", Read(host, "abc", "8080"));
        Assert.Equal("missing header", Read(host, "abc"));
        Assert.Equal("missing header", Read(host, port: "8080"));
        Assert.Equal("Invalid sandbox ID", Read(host, "a-b", "8080"));
        Assert.Equal("Invalid sandbox ID", Read(host, "ABC", "8080"));
        Assert.Equal("Invalid sandbox port", Read(host, "abc", "http"));
        Assert.Equal("Invalid sandbox port", Read(host, "abc", "-1"));
        Assert.Equal("Invalid sandbox port", Read(host, "abc", " 80"));
    }

    [Theory]
    [InlineData("49983-mine.example.com", "mine:49983")]
    [InlineData("49983-mine.localhost", "mine:49983")]
    [InlineData("i0123456789abcdefghij.localhost", "i0123456789abcdefghij:49983")]
    [InlineData("example.com", "Invalid host")]
    [InlineData("sandbox.", "Invalid host")]
    [InlineData("mysandbox.example.com", "Invalid host")]
    [InlineData("api.example.com", "Invalid host")]
    [InlineData("2130706433", "Invalid host")]
    public void Read_AnyOtherHost_IgnoresTheHeaders(string host, string expected)
    {
        Assert.Equal(expected, Read(host, "other", "1234"));
        Assert.Equal(expected, Read(host, "other"));
    }

    [Fact]
    public void Read_PortAndIdOfAnyShape_FindsThemAgain() => Gen.Select(
        Gen.UInt,
        Gen.Char["abcdefghijklmnopqrstuvwxyz0123456789"].Array[1, 57],
        Gen.Char["abcdefghijklmnopqrstuvwxyz0123456789-"].Array[0, 20],
        Gen.Char["abcdefghijklmnopqrstuvwxyz.-"].Array[1, 30]).Sample((port, id, suffix, domain) =>
        Assert.Equal($"{new string(id)}:{port}", Read($"{port}-{new string(id)}{(suffix.Length > 0 ? "-" : "")}{new string(suffix)}.{new string(domain)}")));

    [Fact]
    public void Read_AnyText_IsATargetOrARefusal() => Gen.Select(Gen.String, Gen.String, Gen.String).Sample((host, id, port) =>
    {
        var addressing = Reader.Read(Request(host, id, port));
        Assert.NotEqual(addressing.Target is null, addressing.Refusal is null);
    });

    private static string Read(string host, string? id = null, string? port = null)
    {
        var addressing = Reader.Read(Request(host, id, port));
        return addressing.Target is { } target ? $"{target.Id}:{target.Port}" : addressing.Refusal!;
    }

    private static HttpRequest Request(string host, string? id, string? port)
    {
        var request = new DefaultHttpContext().Request;
        request.Headers.Host = host;
        request.Headers["E2b-Sandbox-Id"] = id;
        request.Headers["E2b-Sandbox-Port"] = port;
        return request;
    }
}
