namespace Alcove.IntegrationTests.Harness;

/// <summary>
/// What lies beyond the host, as far as sandboxes can tell: one more network namespace with an address that stands for the internet
/// (198.51.100.0/24, reserved for documentation by RFC 5737) and one that stands for a private network behind the host.
/// </summary>
internal sealed class Lab : IAsyncDisposable
{
    /// <summary>A public host.</summary>
    public const string Internet = "198.51.100.10";

    /// <summary>Another public host.</summary>
    public const string OtherInternet = "198.51.100.20";

    /// <summary>A machine of a private network that the host can reach, and sandboxes must not.</summary>
    public const string Private = "192.168.77.10";

    /// <summary>The host's own address on that side.</summary>
    public const string Host = "198.51.100.1";

    private readonly string _namespace = Path.Combine(TestHome.Path, "lab-internet");

    public async Task StartAsync()
    {
        await DisposeAsync();
        await Command.ShellAsync($"""
            ip link set lo up
            touch {_namespace}
            unshare --net={_namespace} true
            ip link add up0 type veth peer name eth0 netns {_namespace}
            ip addr add {Host}/24 dev up0
            ip addr add 192.168.77.1/24 dev up0
            ip link set up0 up
            ip route replace default via {Internet}
            nsenter --net={_namespace} sh -c '
              ip link set lo up
              ip addr add {Internet}/24 dev eth0
              ip addr add {OtherInternet}/24 dev eth0
              ip addr add {Private}/24 dev eth0
              ip addr add 8.8.8.8/32 dev eth0
              ip link set eth0 up'
            """);
    }

    /// <summary>The words that run a program out there.</summary>
    public string[] Outside(params string[] command) => ["nsenter", $"--net={_namespace}", .. command];

    public async ValueTask DisposeAsync() => await Command.ShellAsync($"""
        ip link del up0 2>/dev/null || true
        ! mountpoint -q {_namespace} || umount {_namespace}
        rm -f {_namespace}
        """);
}
