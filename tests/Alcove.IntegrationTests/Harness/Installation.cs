using Alcove.IntegrationTests.Harness;
using Xunit;

// One server and one node for all, which some tests kill: the others must not run meanwhile.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
[assembly: AssemblyFixture(typeof(Installation))]

namespace Alcove.IntegrationTests.Harness;

/// <summary>One server and one node, started as their user starts them, for all tests of this assembly.</summary>
public sealed class Installation : IAsyncLifetime
{
    public const string ApiKey = "e2b_53ae1fed82754c17ad8077fbc8bcdd90";
    public const string AccessToken = "sk_e2b_89215020937a4c989cde33d7bc647715";
    public const string ApiUrl = "http://localhost:3000";
    public const string SandboxUrl = "http://localhost:3002";

    private readonly Lab _lab = new();
    private readonly Daemon _node;
    private readonly Daemon _server;

    public Installation()
    {
        var environment = new Dictionary<string, string?> { ["ALCOVE_HOME"] = TestHome.Path, ["ALCOVE_FAULTS"] = FaultFile };
        (_node, _server) = (Daemons.Node(TestHome.Path, environment), Daemons.Server(environment));
    }

    /// <summary>Plain HTTP with the seeded key, the way curl would do it.</summary>
    public HttpClient Api { get; } = new(new SocketsHttpHandler()) { BaseAddress = new Uri(ApiUrl), DefaultRequestHeaders = { { "X-API-Key", ApiKey } } };

    /// <summary>What it says happens at a step of an act: see <c>FaultPoint</c>.</summary>
    internal static string FaultFile { get; } = Path.Combine(TestHome.Path, "fault");

    internal Daemon Node => _node;

    internal Daemon Server => _server;

    internal Lab Lab => _lab;

    public async ValueTask InitializeAsync()
    {
        TestHome.Check();
        await Command.ShellAsync("ip link set lo up");
        await RunNodeAsync("cleanup");
        await Command.ShellAsync($"rm -rf {FaultFile} {TestHome.Path}/server {TestHome.Path}/logs; mkdir -p {TestHome.Path}/logs");
        await _lab.StartAsync();
        await _node.StartAsync(CancellationToken.None);
        (await RunAsync("alcove-server", "seed")).Succeeded();
        await _server.StartAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        await _server.DisposeAsync();
        await _node.DisposeAsync();
        await RunNodeAsync("cleanup");
        await _lab.DisposeAsync();
    }

    /// <summary>A node that has just been started pauses a sandbox of its own: until it has, a fault could meet that one.</summary>
    internal static Task NodeHasTestedItselfAsync() => Eventually.HoldsAsync(() => Daemons.NodeStatusAsync(TestHome.Path), status => status.CanPause, TimeSpan.FromSeconds(30));

    /// <summary>Stops the node and starts it again.</summary>
    /// <param name="launcher">See <see cref="Daemon.Launcher"/>.</param>
    internal async Task RestartNodeAsync(string launcher)
    {
        if (_node.Runs)
        {
            await _node.StopAsync();
        }

        _node.Launcher = launcher;
        await _node.StartAsync(CancellationToken.None);
        await NodeHasTestedItselfAsync();
    }

    /// <summary>A sandbox, as soon as the server has found a node that was restarted.</summary>
    internal async Task<TestSandbox> CreateAsync()
    {
        TestSandbox? made = null;
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    made = await TestSandbox.CreateAsync(Api);
                }
                catch (InvalidOperationException e) when (e.Message.Contains("no node is connected", StringComparison.Ordinal))
                {
                    return false;
                }

                return true;
            },
            TimeSpan.FromSeconds(10));
        return made!;
    }

    /// <summary>What the SDKs and the CLI read from their environment.</summary>
    public static Dictionary<string, string?> ClientEnvironment() => new()
    {
        ["E2B_API_KEY"] = ApiKey,
        ["E2B_ACCESS_TOKEN"] = AccessToken,
        ["E2B_API_URL"] = ApiUrl,
        ["E2B_SANDBOX_URL"] = SandboxUrl,
        ["E2B_DOMAIN"] = null,
    };

    internal static Task<CommandResult> RunAsync(string executable, params string[] arguments) => RunAsync(executable, new() { ["ALCOVE_HOME"] = TestHome.Path }, arguments);

    internal static Task<CommandResult> RunAsync(string executable, Dictionary<string, string?> environment, params string[] arguments) =>
        Command.RunAsync(TestHome.Executable(executable), arguments, environment, CancellationToken.None);

    private static async Task RunNodeAsync(string verb) => (await RunAsync("alcove-node", verb)).Succeeded();
}
