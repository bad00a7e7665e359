using System.Net;

namespace Alcove.Runtime;

/// <summary>Where an installation lives and what it may use. Read from the environment once, checked before anything starts.</summary>
public sealed record RuntimeOptions
{
    /// <value><c>ALCOVE_HOME</c>: everything of the installation lies below it.</value>
    public string Home { get; init; } = "/var/lib/alcove";

    /// <value><c>ALCOVE_SLOTS</c>: addresses for sandboxes as the host sees them, a /16 to /24.</value>
    public IPNetwork Slots { get; init; } = IPNetwork.Parse("10.11.0.0/16");

    /// <value><c>ALCOVE_DNS=direct</c>: names are asked of 8.8.8.8 itself rather than of the host's own resolver.</value>
    public bool DirectDns { get; init; }

    /// <value><c>ALCOVE_POOL_GIB</c>: size of the sparse pool image, where the file system below the home cannot share blocks between files.</value>
    public int PoolGiB { get; init; } = 64;

    /// <value><c>ALCOVE_MEMORY_RESERVE_MIB</c>: memory that creates leave free: what the host, the node and the server need themselves.</value>
    public int MemoryReserveMiB { get; init; } = 512;

    /// <value><c>ALCOVE_DISK_RESERVE_MIB</c>: disk that creates, snapshots and forks leave free, besides a tenth of it: room for the sandboxes that are there to write.</value>
    public int DiskReserveMiB { get; init; } = 4096;

    /// <value><c>ALCOVE_DISK_FREEZE_MIB</c>: with less free, sandboxes that write stand still: as much as two disks in use take in a second or two.</value>
    public int DiskFreezeMiB { get; init; } = 2048;

    /// <value><c>ALCOVE_BALLAST_MIB</c>: a file that is given up when the home's disk is full, so that rows and manifests can be written.</value>
    public int BallastMiB { get; init; } = 256;

    /// <value><c>ALCOVE_PREPARED_SLOTS</c>: slots with network and disk made ahead. Each costs about 3 MB of kernel memory.</value>
    public int PreparedSlots { get; init; } = 6;

    /// <exception cref="ArgumentException">A setting cannot be: the message names it.</exception>
    public static RuntimeOptions FromEnvironment(Func<string, string?> read)
    {
        var defaults = new RuntimeOptions();
        var options = new RuntimeOptions
        {
            Home = Path.GetFullPath(read("ALCOVE_HOME") is { Length: > 0 } home ? home : defaults.Home),
            Slots = read("ALCOVE_SLOTS") is { Length: > 0 } slots
                ? IPNetwork.TryParse(slots, out var network) ? network : throw new ArgumentException($"ALCOVE_SLOTS: '{slots}' is not a network such as 10.11.0.0/16")
                : defaults.Slots,
            DirectDns = read("ALCOVE_DNS") switch
            {
                null or "" => false,
                "direct" => true,
                var other => throw new ArgumentException($"ALCOVE_DNS: '{other}' is not 'direct'"),
            },
            PoolGiB = Number(read, "ALCOVE_POOL_GIB", defaults.PoolGiB, 1, 1 << 20),
            MemoryReserveMiB = Number(read, "ALCOVE_MEMORY_RESERVE_MIB", defaults.MemoryReserveMiB, 0, 1 << 24),
            DiskReserveMiB = Number(read, "ALCOVE_DISK_RESERVE_MIB", defaults.DiskReserveMiB, 0, 1 << 24),
            DiskFreezeMiB = Number(read, "ALCOVE_DISK_FREEZE_MIB", defaults.DiskFreezeMiB, 0, 1 << 24),
            BallastMiB = Number(read, "ALCOVE_BALLAST_MIB", defaults.BallastMiB, 0, 1 << 16),
            PreparedSlots = Number(read, "ALCOVE_PREPARED_SLOTS", defaults.PreparedSlots, 0, 256),
        };
        return options.Slots is { PrefixLength: >= 16 and <= 24, BaseAddress.AddressFamily: System.Net.Sockets.AddressFamily.InterNetwork }
            ? options
            : throw new ArgumentException($"ALCOVE_SLOTS: '{options.Slots}' must be an IPv4 network with a prefix of 16 to 24");
    }

    private static int Number(Func<string, string?> read, string name, int unset, int least, int most) => read(name) switch
    {
        null or "" => unset,
        var text when int.TryParse(text, out var number) && number >= least && number <= most => number,
        var text => throw new ArgumentException($"{name}: '{text}' is not a number from {least} to {most}"),
    };
}
