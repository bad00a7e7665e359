using System.Globalization;
using Alcove.Runtime;

namespace Alcove.Node;

/// <summary>What the node is told by its environment.</summary>
internal sealed record NodeOptions
{
    /// <value><c>ALCOVE_NODE_SOCKET</c>: where the server reaches the node; below the home unless said otherwise.</value>
    public required string Socket { get; init; }

    /// <value>How the runtime works.</value>
    public required RuntimeOptions Runtime { get; init; }

    /// <value><c>ALCOVE_GROUP</c>: whose members may call the node, besides root.</value>
    public string Group { get; init; } = "alcove";

    /// <value><c>ALCOVE_ORPHAN_SECONDS</c>: how long after its end, with no server calling, a sandbox is put away by the node itself.</value>
    public TimeSpan OrphanPatience { get; init; } = TimeSpan.FromMinutes(10);

    /// <exception cref="ArgumentException">A setting cannot be: the message names it.</exception>
    public static NodeOptions FromEnvironment()
    {
        var runtime = RuntimeOptions.FromEnvironment(Environment.GetEnvironmentVariable);
        return new NodeOptions
        {
            Runtime = runtime,
            Socket = Environment.GetEnvironmentVariable("ALCOVE_NODE_SOCKET") is { Length: > 0 } socket ? socket : Path.Combine(runtime.Home, "node.sock"),
            Group = Environment.GetEnvironmentVariable("ALCOVE_GROUP") is { Length: > 0 } group ? group : "alcove",
            OrphanPatience = Environment.GetEnvironmentVariable("ALCOVE_ORPHAN_SECONDS") switch
            {
                null or "" => TimeSpan.FromMinutes(10),
                var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds > 0 => TimeSpan.FromSeconds(seconds),
                var text => throw new ArgumentException($"ALCOVE_ORPHAN_SECONDS: '{text}' is not a number of seconds"),
            },
        };
    }
}
