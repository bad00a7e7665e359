using System.Net;
using Alcove.Runtime.Processes;

namespace Alcove.Runtime.Networking;

/// <summary>
/// The host's side of all slots: what may leave them, translated to the host's address, and nothing else. One table of ours, replaced
/// as a whole; sandboxes without internet are elements of a set.
/// </summary>
internal sealed class HostFirewall(SlotAddresses slots, HomePaths paths, bool directDns)
{
    private const string Forwarding = "/proc/sys/net/ipv4/ip_forward";
    private const string PublicResolver = "8.8.8.8";

    private string SysctlFile => $"{paths.Home}/ip_forward.before";

    /// <summary>Sets it up, with those sandboxes closed that are.</summary>
    public async Task OpenAsync(IEnumerable<IPAddress> closed, CancellationToken cancellationToken)
    {
        var before = await File.ReadAllTextAsync(Forwarding, cancellationToken);
        if (!File.Exists(SysctlFile))
        {
            await File.WriteAllTextAsync(SysctlFile, before, cancellationToken);
        }

        await File.WriteAllTextAsync(Forwarding, "1", cancellationToken);
        await ChildProcess.RunAsync("ip", ["route", "replace", "unreachable", slots.Range], null, cancellationToken);
        await ChildProcess.RunAsync("nft", ["-f", "-"], Rules(closed, Resolver()), cancellationToken);
    }

    public Task CloseInternetAsync(IPAddress slot, CancellationToken cancellationToken) => ElementAsync("add", slot, cancellationToken);

    public Task ForgetAsync(IPAddress slot) => ElementAsync("delete", slot, CancellationToken.None);

    /// <summary>Takes everything back that <see cref="OpenAsync"/> did; forwarding goes on while another installation needs it.</summary>
    public async Task RemoveAsync()
    {
        await ChildProcess.ShellAsync(
            "ip route del unreachable \"$2\" 2>/dev/null || true; nft delete table ip \"$1\" 2>/dev/null || true; nft delete table ip6 \"$1\" 2>/dev/null || true",
            [slots.Table, slots.Range]);
        if (File.Exists(SysctlFile))
        {
            var tables = await ChildProcess.RunAsync("nft", ["list", "tables", "ip"]);
            if (!tables.Contains(SlotAddresses.TablePrefix, StringComparison.Ordinal))
            {
                await File.WriteAllTextAsync(Forwarding, await File.ReadAllTextAsync(SysctlFile));
            }

            File.Delete(SysctlFile);
        }
    }

    private Task<string> ElementAsync(string verb, IPAddress slot, CancellationToken cancellationToken) =>
        ChildProcess.RunAsync("nft", [verb, "element", "ip", slots.Table, "closed", $"{{ {slot} }}"], null, cancellationToken);

    /// <summary>Rules about what a slot asks for sit after connection tracking and before any translation.</summary>
    internal string Rules(IEnumerable<IPAddress> closed, string? resolver)
    {
        var (table, link) = (slots.Table, slots.LinkPrefix + "*");
        var elements = string.Join(", ", closed);
        var names = resolver is null ? string.Empty : $$"""
              chain names { type nat hook prerouting priority dstnat; policy accept;
                iifname "{{link}}" ip daddr {{PublicResolver}} udp dport 53 dnat to {{resolver}}
                iifname "{{link}}" ip daddr {{PublicResolver}} tcp dport 53 dnat to {{resolver}}
              }
            """;
        return $$"""
            table ip {{table}}
            delete table ip {{table}}
            table ip {{table}} {
              set closed { type ipv4_addr; {{(elements.Length > 0 ? $"elements = {{ {elements} }}" : string.Empty)}} }
              chain from_slots { type filter hook prerouting priority mangle; policy accept;
                iifname != "{{link}}" accept
                fib saddr . iif oif 0 drop comment "forged: the route to its source does not lead back there"
                ct direction reply accept comment "answers to whoever reached a server inside"
                ip saddr @closed drop
                fib daddr type != unicast drop comment "the host's own addresses, broadcast, multicast"
                ip daddr { 0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16 } drop
              }
            {{names}}
              chain masks { type nat hook postrouting priority srcnat; policy accept;
                ip saddr {{slots.Range}} oifname != "{{link}}" masquerade
              }
              chain to_host { type filter hook input priority filter; policy accept;
                iifname "{{link}}" ct status dnat accept
                iifname "{{link}}" ct state established accept
                iifname "{{link}}" drop
              }
              chain through { type filter hook forward priority filter; policy accept;
                ct state established,related accept
                oifname "{{link}}" drop
              }
            }
            table ip6 {{table}}
            delete table ip6 {{table}}
            table ip6 {{table}} {
              chain to_host { type filter hook prerouting priority raw; policy accept; iifname "{{link}}" drop; }
            }
            """;
    }

    /// <summary>The host's own resolver, where one is reached by an address that is not loopback; null leaves 8.8.8.8 as it is.</summary>
    private string? Resolver()
    {
        if (directDns)
        {
            return null;
        }

        foreach (var file in (string[])["/run/systemd/resolve/resolv.conf", "/etc/resolv.conf"])
        {
            if (File.Exists(file) && Nameservers(file).FirstOrDefault() is { } address)
            {
                return address;
            }
        }

        return null;
    }

    private static IEnumerable<string> Nameservers(string file) => File.ReadLines(file)
        .Select(line => line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
        .Where(words => words is ["nameserver", _, ..])
        .Select(words => words[1])
        .Where(text => IPAddress.TryParse(text, out var address) && address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork && !IPAddress.IsLoopback(address));
}
