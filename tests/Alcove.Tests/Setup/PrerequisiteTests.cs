using System.Net.Sockets;
using Xunit;

namespace Alcove.Tests.Setup;

/// <summary>What is missing is named, with the way out, before anything is half done.</summary>
public sealed class PrerequisiteTests
{
    private const int Root = 0;
    private const int Somebody = 1000;

    [Theory]
    [InlineData("doctor.sh", "--brief")]
    [InlineData("up.sh")]
    [InlineData("test.sh")]
    public async Task NoDotnet_IsNamedWithWhereToGetIt_AndNothingIsMade(string script, params string[] arguments)
    {
        using var machine = new ScriptHost(Root, "dotnet");

        var (exitCode, output) = await machine.RunAsync(script, arguments);

        Assert.NotEqual(0, exitCode);
        Assert.Contains("no .NET 10 SDK", output, StringComparison.Ordinal);
        Assert.Contains("https://learn.microsoft.com/dotnet/core/install/linux", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(machine.Home));
    }

    [Theory]
    [InlineData("doctor.sh", "Run as root, or install sudo.")]
    [InlineData("up.sh", "Run it as root, or install sudo.")]
    [InlineData("clean.sh", "Run it as root, or install sudo.")]
    public async Task NeitherRootNorSudo_IsNamedWithTheWayOut_AndNothingIsMade(string script, string remedy)
    {
        using var machine = new ScriptHost(Somebody, "sudo");

        var (exitCode, output) = await machine.RunAsync(script);

        Assert.NotEqual(0, exitCode);
        Assert.Contains(remedy, output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(machine.Home));
    }

    [Fact]
    public async Task Doctor_AsJson_HasEveryCheckWithItsStateAndRemedy()
    {
        using var machine = new ScriptHost(Somebody, "dotnet");

        var (_, output) = await machine.RunAsync("doctor.sh", "--json");

        var rows = System.Text.Json.Nodes.JsonNode.Parse(output)!.AsArray().ToDictionary(row => (string)row!["check"]!, row => row!);
        Assert.Equal("bad", (string)rows[".NET SDK"]["state"]!);
        foreach (var check in (string[])["cgroups", "address range", "forwarding", "name resolution", "open files", "OOM scores", "ports", "crun and criu", "pause"])
        {
            Assert.Contains((string)rows[check]["state"]!, (string[])["ok", "warn", "bad"]);
            Assert.NotEmpty((string)rows[check]["detail"]!);
            Assert.True((string)rows[check]["state"]! == "ok" || (string)rows[check]["remedy"]! != "", check);
        }
    }

    [Fact]
    public async Task Doctor_SocketOfANodeThatWasKilled_IsSaidAndStandsInNobodysWay()
    {
        using var machine = new ScriptHost(Root);
        machine.Write("logs/node.log");
        using var node = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        node.Bind(new UnixDomainSocketEndPoint(Path.Combine(machine.Home, "node.sock"))); // Nobody listens on it.

        var (_, brief) = await machine.RunAsync("doctor.sh", "--brief");
        var (_, whole) = await machine.RunAsync("doctor.sh");

        Assert.DoesNotContain("node", brief, StringComparison.Ordinal);
        Assert.Contains("the node does not answer", whole, StringComparison.Ordinal);
        Assert.Contains("Alcove can", whole, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clean_NotToldYes_SaysWhatItWouldDestroyAndDestroysNothing()
    {
        using var machine = new ScriptHost(Root);
        machine.Write("sandboxes/ia/manifest.json");
        machine.Write("sandboxes/ib/manifest.json");
        machine.Write("pool/captures/c/capture.json");

        var (exitCode, output) = await machine.RunAsync("clean.sh");

        Assert.Equal(1, exitCode);
        Assert.Contains($"2 running sandboxes, 1 paused sandbox or snapshot", output, StringComparison.Ordinal);
        Assert.Contains(machine.Home, output, StringComparison.Ordinal);
        Assert.Contains("make clean YES=1", output, StringComparison.Ordinal);
        Assert.Equal(["ia", "ib"], machine.Names("sandboxes"));
    }
}
