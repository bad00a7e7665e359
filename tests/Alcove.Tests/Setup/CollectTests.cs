using Xunit;

namespace Alcove.Tests.Setup;

/// <summary>Old files stay while used, and no longer.</summary>
public sealed class CollectTests
{
    [Fact]
    public async Task Collect_VersionsOfEverything_KeepsTheCurrentAndWhatIsReferredTo()
    {
        using var machine = Machine();

        var (exitCode, output) = await machine.RunAsync("collect.sh");

        Assert.Equal((0, ""), (exitCode, output));
        Assert.Equal(["3new", "current"], machine.Names("app"));
        Assert.Equal(["1running", "2paused", "3new", "current", "sources"], machine.Names("envd"));
        Assert.Equal(["1running", "2paused", "3new", "current"], machine.Names("prefix"));
        Assert.Equal(["1running", "2paused", "3new"], machine.Names("pool/layers"));
    }

    [Fact]
    public async Task Collect_WhileTheNodeRuns_RemovesNothing()
    {
        using var machine = Machine();
        await using var node = new FileStream(Path.Combine(machine.Home, "node.lock"), FileMode.Create, FileAccess.ReadWrite, FileShare.None);

        await machine.RunAsync("collect.sh");

        Assert.Contains("0unused", machine.Names("envd"));
        Assert.Contains("0unused", machine.Names("pool/layers"));
    }

    [Fact]
    public async Task Collect_PoolThatIsNotMounted_RemovesNothing()
    {
        using var machine = Machine();
        machine.Write("pool.img");

        await machine.RunAsync("collect.sh");

        Assert.Contains("0unused", machine.Names("prefix"));
    }

    private static ScriptHost Machine()
    {
        var machine = new ScriptHost(userId: 0);
        foreach (var version in (string[])["0unused", "1running", "2paused", "3new"])
        {
            machine.Write($"app/{version}/node/alcove-node");
            machine.Write($"envd/{version}/envd");
            machine.Write($"prefix/{version}/bin/crun");
            machine.Write($"pool/layers/{version}/etc/os-release");
        }

        machine.Write("pool/layers/4interrupted.new/etc/os-release");
        machine.Write("envd/sources");
        foreach (var kind in (string[])["app", "envd", "prefix"])
        {
            File.CreateSymbolicLink(Path.Combine(machine.Home, kind, "current"), "3new");
        }

        machine.Write("templates/base.json", """{"templateId":"base","digest":"3new"}""");
        machine.Write("sandboxes/ia/manifest.json", $$"""{"spec":{"layers":["1running"]},"prefix":"{{machine.Home}}/prefix/1running","envd":"{{machine.Home}}/envd/1running"}""");
        machine.Write("pool/captures/c/capture.json", $$"""{"layers":["2paused"],"prefix":"{{machine.Home}}/prefix/2paused","envd":"{{machine.Home}}/envd/2paused"}""");
        return machine;
    }
}
