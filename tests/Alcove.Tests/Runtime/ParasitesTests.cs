using Alcove.Runtime.Crun;
using Xunit;

namespace Alcove.Tests.Runtime;

/// <summary>What <c>/proc</c> says of processes that a criu was inside of, or was not.</summary>
public sealed class ParasitesTests
{
    private const string Own = "55d0c0a00000-55d0c0a21000 r-xp 00000000 fe:00 1234 /usr/bin/python3.13";
    private const string Criu = "7f1200000000-7f1200010000 rwxs 00000000 00:01 77 /memfd:CRIUMFD (deleted)";
    private const string InOwn = "0 0x3 0x7ffd1 0x10 0x0 0x0 0x0 0x7ffd00 0x55d0c0a00400";
    private const string InCriu = "45 0x5 0x7ffd1 0x10 0x0 0x0 0x0 0x7ffd00 0x7f1200000400";

    [Theory]
    [InlineData(false, Own, InOwn)]
    [InlineData(false, Own + "\n" + Criu, InOwn)] // Let go: the code stays mapped.
    [InlineData(false, Own + "\n" + Criu, "running")]
    [InlineData(false, Own, InCriu)] // Something else lies there.
    [InlineData(true, Own + "\n" + Criu, InCriu)]
    [InlineData(true, Own + "\n" + Criu, InOwn, InCriu)]
    public void IsInside_WhereAThreadStandsInTheCodeOfCriu(bool inside, string maps, params string[] threads)
    {
        using var process = new TemporaryDirectory();
        File.WriteAllText($"{process.Path}/maps", maps + "\n");
        for (var thread = 0; thread < threads.Length; thread++)
        {
            Directory.CreateDirectory($"{process.Path}/task/{thread}");
            File.WriteAllText($"{process.Path}/task/{thread}/syscall", threads[thread] + "\n");
        }

        Assert.Equal(inside, Parasites.IsInside(process.Path));
    }

    [Fact]
    public void IsInside_OfOneThatIsGone_IsFalse() => Assert.False(Parasites.IsInside("/nonexistent/1"));
}
