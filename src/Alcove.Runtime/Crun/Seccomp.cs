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
    private const int NoAddressFamily = 97;
    private const int VsockFamily = 40;
    private const long NewUserNamespace = 0x10000000;

    private static readonly string[] Denied =
    [
        "acct", "add_key", "bpf", "clock_adjtime", "clock_settime", "create_module", "delete_module", "fanotify_init", "finit_module", "fsconfig", "fsmount", "fsopen", "fspick",
        "get_kernel_syms", "init_module", "ioperm", "iopl", "kexec_file_load", "kexec_load", "keyctl", "lookup_dcookie", "mount", "mount_setattr", "move_mount", "name_to_handle_at",
        "nfsservctl", "open_by_handle_at", "open_tree", "perf_event_open", "pivot_root", "query_module", "quotactl", "quotactl_fd", "reboot", "request_key", "setns", "settimeofday",
        "stime", "swapoff", "swapon", "sysfs", "syslog", "umount", "umount2", "unshare", "uselib", "userfaultfd", "ustat", "vhangup", "vm86", "vm86old", "memfd_secret", "_sysctl",
    ];

    public static JsonObject Profile() => new()
    {
        ["defaultAction"] = "SCMP_ACT_ALLOW",
        ["syscalls"] = new JsonArray(
            Rule(Denied, NotPermitted),
            Rule(["io_uring_setup", "io_uring_enter", "io_uring_register", "clone3", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"], NotImplemented),
            Rule(["socket"], NoAddressFamily, new JsonObject { ["index"] = 0, ["value"] = VsockFamily, ["op"] = "SCMP_CMP_EQ" }),
            Rule(["clone"], NotPermitted, new JsonObject { ["index"] = 0, ["value"] = NewUserNamespace, ["valueTwo"] = NewUserNamespace, ["op"] = "SCMP_CMP_MASKED_EQ" })),
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
