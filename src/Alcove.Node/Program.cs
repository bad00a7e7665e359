using Alcove.Node;
using Alcove.Node.Listening;
using Alcove.Runtime;
using Alcove.Runtime.Crun;
using Microsoft.Extensions.Logging.Abstractions;

const string Usage = """
    alcove-node            runs sandboxes for the server, until it is stopped; they live on
    alcove-node prepare    makes directories, mounts and the pool of the home, and ends
    alcove-node self-test  says whether sandboxes can be paused here, by pausing one; for when the node does not run
    alcove-node cleanup    removes every sandbox of the home from this machine, with all that belongs to it

    Settings come from the environment: ALCOVE_HOME and others, see docs/operations.md.
    """;

try
{
    switch (args)
    {
        case []:
            await new NodeHost(NodeOptions.FromEnvironment()).RunAsync();
            return 0;
        case ["prepare"]:
            await Open().PrepareAsync(CancellationToken.None);
            return 0;
        case ["self-test"]:
            var result = await new NodeHost(NodeOptions.FromEnvironment()).TestAsync();
            Console.WriteLine(result.Works ? "pause works" : $"pause does not work: {result.Reason}");
            return result.Works ? 0 : 1;
        case ["cleanup"]:
            var home = NodeOptions.FromEnvironment().Runtime.Home;
            if (Directory.Exists(home))
            {
                using var instance = SingleInstance.Acquire(home);
                await Open().RemoveAllAsync();
            }

            return 0;
        default:
            Console.WriteLine(Usage);
            return args is ["--help" or "-h" or "help"] ? 0 : 2;
    }
}
catch (Exception e) when (e is ArgumentException or InvalidOperationException or RuntimeException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"alcove-node: {e.Message}");
    return 1;
}

static SandboxRuntime Open() => new(NodeOptions.FromEnvironment().Runtime with { PreparedSlots = 0 }, preparedDiskMiB: 0, TimeProvider.System, NullLogger<SandboxRuntime>.Instance);
