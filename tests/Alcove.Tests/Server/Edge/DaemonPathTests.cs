using Alcove.Server.Edge;
using CsCheck;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Alcove.Tests.Server.Edge;

public sealed class DaemonPathTests
{
    private static readonly string[] Internal = ["/init", "/freeze", "/unfreeze", "/collapse", "/fsfreeze", "/fsthaw", "/upgrade"];

    public static TheoryData<string> InternalPaths => [.. Internal];

    [Theory]
    [MemberData(nameof(InternalPaths))]
    public void FindInternal_EveryInternalPath_IsFound(string path) => Assert.Equal(path, DaemonPath.FindInternal(path));

    [Theory]
    [InlineData("//init")]
    [InlineData("/init/")]
    [InlineData("/init//")]
    [InlineData("/./init")]
    [InlineData("/init/.")]
    [InlineData("/files/../init")]
    [InlineData("/files/x/../../init")]
    [InlineData("/../init")]
    [InlineData("/%69nit")]
    [InlineData("/%69%6E%69%74")]
    [InlineData("/%2finit")]
    [InlineData("/files%2F..%2Finit")]
    [InlineData("/files/%2e%2e/init")]
    [InlineData("/files/%2E./init")]
    public void FindInternal_AnotherSpelling_IsFound(string path) => Assert.Equal("/init", DaemonPath.FindInternal(path));

    [Theory]
    [InlineData("/")]
    [InlineData("/files")]
    [InlineData("/initial")]
    [InlineData("/init/x")]
    [InlineData("/x/init")]
    [InlineData("/INIT")]
    [InlineData("/init%20")]
    [InlineData("/%2569nit")]
    [InlineData("/in%zzit")]
    [InlineData("/init%")]
    [InlineData("/process.Process/Start")]
    public void FindInternal_AnotherPath_IsNotFound(string path) => Assert.Null(DaemonPath.FindInternal(path));

    [Fact]
    public void FindInternal_AnyMixOfSpellings_IsFound() => Gen.Select(
        Gen.OneOfConst(Internal),
        Gen.Select(Gen.Int[0, 4], Gen.Int[0, 99], Gen.Char["abcxyz.-_"].Array[1, 5]).Array[0, 6],
        Gen.Bool.Array[10],
        Gen.OneOfConst("", "/", "//", "/.", "/x/..")).Sample((name, noise, escapes, end) =>
    {
        var before = string.Concat(noise.Select(one => Noise(one.Item1, one.Item2, new string(one.Item3))));
        var spelt = string.Concat(name.Skip(1).Select((character, i) => escapes[i] ? $"%{(int)character:x2}" : $"{character}"));
        Assert.Equal(name, DaemonPath.FindInternal($"{before}/{spelt}{end}"));
    });

    [Fact]
    public void FindInternal_AnyText_Ends() => Gen.String.Sample(text => _ = DaemonPath.FindInternal(text));

    [Fact(Timeout = 120_000)]
    public async Task Request_AnySpelling_ReachesNoInternalPathOfARealServer()
    {
        await using var edge = await EdgeHost.StartAsync();
        var slot = EdgeHost.NewSlot();
        var seen = new List<string>();
        await using var daemon = await StartServerAsync(slot, 49983, seen);
        var route = edge.AddRoute(slot);

        await Gen.OneOfConst("/", "//", ".", "..", "%2e", "%2E", "%2f", "%2F", "%5c", "\\", "init", "%69nit", "upgrade", "x", ";", "%00", "%", "#", "%c0%af", "%ef%bc%8f")
            .Array[1, 8].SampleAsync(async parts =>
        {
            using var response = await edge.SendAsync($"49983-{route.Id}.localhost", "/" + string.Concat(parts));
            Assert.Contains((int)response.StatusCode, new[] { 200, 400, 404 });
        }, iter: 1000, threads: 1);

        Assert.NotEmpty(seen);
        Assert.DoesNotContain(seen, path => Internal.Contains(path));
    }

    private static string Noise(int kind, int number, string word) => kind switch
    {
        0 => "/",
        1 => "/.",
        2 => $"/{word}{number}/..",
        3 => $"/%{(int)word[0]:X2}q/%2e%2E",
        _ => $"/a%2Fb{number}/../..",
    };

    private static async Task<WebApplication> StartServerAsync(System.Net.IPAddress address, int port, List<string> seen)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel((KestrelServerOptions kestrel) => kestrel.Listen(address, port));
        var app = builder.Build();
        app.Run(context =>
        {
            seen.Add(context.Request.Path.Value!);
            return Task.CompletedTask;
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }
}
