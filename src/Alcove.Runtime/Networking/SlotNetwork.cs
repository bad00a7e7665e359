using Alcove.Runtime.Linux;
using Alcove.Runtime.Processes;

namespace Alcove.Runtime.Networking;

/// <summary>
/// A slot's network namespace: inside always 169.254.0.21/30, outside an address of the range, translated in the slot itself, so
/// that no server inside is ever bound to an address that changes. Made fresh for every run.
/// </summary>
internal sealed class SlotNetwork(SlotAddresses slots, HomePaths paths, TimeProvider time)
{
    /// <summary>Namespaces are files of ours: what `ip netns` does would put a new /sys over the cgroups.</summary>
    private const string MakeScript = """
        touch "$1"
        unshare --net="$1" true
        ip -batch - <<IP
        link add $2 type veth peer name eth0 netns $1
        link set $2 addrgenmode none
        addr add 169.254.0.22/32 dev $2
        link set $2 up
        route add $3/32 via 169.254.0.21 dev $2 onlink src 169.254.0.22
        IP
        nsenter --net="$1" sh -c 'ip -batch - && nft -f /dev/fd/3' 3<<NFT <<IP
        table ip slot {
          chain in { type nat hook prerouting priority dstnat; iifname "eth0" ip daddr $3 dnat to 169.254.0.21; }
          chain out { type nat hook postrouting priority srcnat; oifname "eth0" ip saddr 169.254.0.21 snat to $3; }
        }
        NFT
        link set lo up
        addr add 169.254.0.21/30 dev eth0
        link set eth0 addrgenmode none
        link set eth0 up
        route add default via 169.254.0.22
        IP
        """;

    public Task CreateAsync(int slot, CancellationToken cancellationToken) =>
        ChildProcess.ShellAsync(MakeScript, [paths.SlotNetwork(slot), slots.Link(slot), slots.Of(slot).ToString()], cancellationToken);

    /// <summary>Whatever of it is there. The link goes by hand: a namespace goes some time after its last user.</summary>
    public async Task RemoveAsync(int slot)
    {
        if (Directory.Exists($"/sys/class/net/{slots.Link(slot)}") || File.Exists(paths.SlotNetwork(slot)))
        {
            await ChildProcess.ShellAsync("ip link del \"$1\" 2>/dev/null || true", [slots.Link(slot)]);
        }

        await Mounts.UnmountAsync(paths.SlotNetwork(slot), time);
        File.Delete(paths.SlotNetwork(slot));
    }
}
