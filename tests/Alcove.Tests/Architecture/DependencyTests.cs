using System.Reflection;
using Xunit;

namespace Alcove.Tests.Architecture;

/// <summary>Who may know whom, over the assemblies as built (docs/ARCHITECTURE.md has the same table).</summary>
public sealed class DependencyTests
{
    public static TheoryData<string, string[]> Allowed => new()
    {
        { "Alcove.Protocol", [] },
        { "Alcove.Connect", [] },
        { "envd", ["Alcove.Connect", "Alcove.Protocol"] },
        { "Alcove.Runtime", ["Alcove.Protocol"] },
        { "alcove-node", ["Alcove.Runtime", "Alcove.Connect", "Alcove.Protocol"] },
        { "Alcove.Control", ["Alcove.Connect", "Alcove.Protocol"] },
        { "alcove-server", ["Alcove.Control", "Alcove.Connect", "Alcove.Protocol"] },
        { "alcove", ["Alcove.Protocol"] },
    };

    [Theory]
    [MemberData(nameof(Allowed))]
    public void Assembly_References_OnlyWhatTheMapAllows(string assembly, string[] allowed)
    {
        string[] ours = [.. Allowed.Select(row => row.Data.Item1)];

        var references = Assembly.Load(assembly).GetReferencedAssemblies().Select(name => name.Name).Intersect(ours);

        Assert.Empty(references.Except(allowed));
    }
}
