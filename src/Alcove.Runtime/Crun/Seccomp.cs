using System.Text.Json.Nodes;

namespace Alcove.Runtime.Crun;

/// <summary>
/// System calls that a sandbox does without: those that Docker's default profile denies to a container without extra capabilities,
/// and those that criu cannot dump, so that programs fall back to what it can.
/// </summary>
internal static class Seccomp
{
    private const int NotPermitted = 1;
    private const int NotImplemented = 38;
    private const int NoProtocol = 93;
    private const int NoAddressFamily = 97;
    private const int PacketFamily = 17;
    private const long NewUserNamespace = 0x10000000;

    private static readonly string[] Denied =
    [
        "acct", "add_key", "bpf", "clock_adjtime", "clock_settime", "create_module", "delete_module", "fanotify_init", "finit_module", "fsconfig", "fsmount", "fsopen", "fspick",
        "get_kernel_syms", "init_module", "ioperm", "iopl", "kexec_file_load", "kexec_load", "keyctl", "lookup_dcookie", "mount", "mount_setattr", "move_mount", "name_to_handle_at",
        "nfsservctl", "open_by_handle_at", "open_tree", "perf_event_open", "pivot_root", "query_module", "quotactl", "quotactl_fd", "reboot", "request_key", "setns", "settimeofday",
        "stime", "swapoff", "swapon", "sysfs", "syslog", "umount", "umount2", "unshare", "uselib", "userfaultfd", "ustat", "vhangup", "vm86", "vm86old", "memfd_secret", "_sysctl",
    ];

    /// <summary>Families below <see cref="PacketFamily"/> other than those of Unix, IPv4, IPv6 and netlink.</summary>
    private static readonly int[] OldFamilies = [3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15];

    /// <summary>DCCP, SCTP, and multipath TCP, which servers written in Go ask for first.</summary>
    private static readonly int[] Protocols = [33, 132, 262];

    public static JsonObject Profile() => new()
    {
        ["defaultAction"] = "SCMP_ACT_ALLOW",
        ["syscalls"] = new JsonArray([
            Rule(Denied, NotPermitted),
            Rule(["io_uring_setup", "io_uring_enter", "io_uring_register", "clone3", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"], NotImplemented),
            Rule(["socket"], NoAddressFamily, new JsonObject { ["index"] = 0, ["value"] = PacketFamily, ["op"] = "SCMP_CMP_GT" }),
            .. OldFamilies.Select(family => Rule(["socket"], NoAddressFamily, new JsonObject { ["index"] = 0, ["value"] = family, ["op"] = "SCMP_CMP_EQ" })),
            .. Protocols.Select(protocol => Rule(["socket"], NoProtocol, new JsonObject { ["index"] = 2, ["value"] = protocol, ["op"] = "SCMP_CMP_EQ" })),
            Rule(["clone"], NotPermitted, new JsonObject { ["index"] = 0, ["value"] = NewUserNamespace, ["valueTwo"] = NewUserNamespace, ["op"] = "SCMP_CMP_MASKED_EQ" }),
        ]),
    };

    private static JsonObject Rule(string[] names, int error, JsonObject? argument = null)
    {
        var rule = new JsonObject
        {
            ["names"] = new JsonArray([.. names.Select(name => (JsonNode)name)]),
            ["action"] = "SCMP_ACT_ERRNO",
            ["errnoRet"] = error,
        };
        if (argument is not null)
        {
            rule["args"] = new JsonArray(argument);
        }

        return rule;
    }
}
