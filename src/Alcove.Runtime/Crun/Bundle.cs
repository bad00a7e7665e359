using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Alcove.Protocol.Envd;

namespace Alcove.Runtime.Crun;

/// <summary>The files that crun and criu read, and those that a sandbox sees of its host: its identity, bound read-only.</summary>
internal sealed class Bundle(HomePaths paths)
{
    /// <summary>Where the daemon and its libraries are inside.</summary>
    public const string DaemonDirectory = "/.alcove/envd";

    /// <summary>Docker's default set without MKNOD.</summary>
    private static readonly string[] Capabilities =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP",
        "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
    ];

    private const int ProcessLimit = 1024;
    private const int CpuPeriodMicroseconds = 100_000;
    private const int SharedMemoryKiB = 65_536;

    public async Task WriteAsync(Manifest manifest, string cgroup, IEnumerable<(string Source, string Name)> shownCgroups)
    {
        var directory = paths.Sandbox(manifest.Spec.SandboxId);
        var identity = $"{directory}/identity";
        Directory.CreateDirectory(identity);
        List<JsonObject> binds = [Bind("/run/alcove", identity)];
        foreach (var (source, name) in shownCgroups)
        {
            Directory.CreateDirectory($"{identity}/cgroup/{name}");
            binds.Add(Bind($"/run/alcove/cgroup/{name}".TrimEnd('/'), source));
        }

        await WriteIdentityAsync(manifest, directory, identity);
        binds.Add(Bind("/proc/sys/kernel/random/boot_id", $"{directory}/boot_id"));
        binds.Add(Bind("/etc/machine-id", $"{directory}/machine-id"));
        binds.Add(Bind(DaemonDirectory, manifest.Envd));
        await CriuSettings.WriteAsync(directory, actionScript: null);
        await File.WriteAllTextAsync($"{directory}/config.json", Configuration(manifest, directory, cgroup, binds).ToJsonString());
    }

    private static async Task WriteIdentityAsync(Manifest manifest, string directory, string identity)
    {
        var (spec, machine) = (manifest.Spec, manifest.Identity!);
        var hash = Convert.ToHexStringLower(SHA512.HashData(Encoding.UTF8.GetBytes(spec.AccessToken)));
        await File.WriteAllTextAsync($"{identity}/host.json", JsonSerializer.Serialize(new HostIdentity(spec.SandboxId, spec.TemplateId, hash), EnvdJson.Default.HostIdentity));
        await File.WriteAllTextAsync($"{directory}/boot_id", machine.BootId + "\n");
        await File.WriteAllTextAsync($"{directory}/machine-id", machine.MachineId + "\n");
    }

    private JsonObject Configuration(Manifest manifest, string directory, string cgroup, List<JsonObject> binds) => new()
    {
        ["ociVersion"] = "1.0.2",
        ["hostname"] = "e2b.local",
        ["annotations"] = new JsonObject { ["org.criu.config"] = CriuSettings.PathIn(directory) },
        ["root"] = new JsonObject { ["path"] = paths.SlotRoot(manifest.Slot) },
        ["process"] = Process(),
        ["mounts"] = new JsonArray([.. SystemMounts(), .. binds]),
        ["linux"] = new JsonObject
        {
            ["cgroupsPath"] = cgroup,
            ["namespaces"] = new JsonArray(
                Namespace("pid"), Namespace("ipc"), Namespace("uts"), Namespace("mount"), new JsonObject { ["type"] = "network", ["path"] = paths.SlotNetwork(manifest.Slot) }),
            ["resources"] = Resources(manifest.Spec),
            ["seccomp"] = Seccomp.Profile(),
            ["maskedPaths"] = Words("/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap"),
            ["readonlyPaths"] = Words("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"),
        },
    };

    private static JsonObject Process() => new()
    {
        ["user"] = new JsonObject { ["uid"] = 0, ["gid"] = 0 },
        ["cwd"] = "/",
        ["noNewPrivileges"] = false,
        ["args"] = Words($"{DaemonDirectory}/envd"),
        ["env"] = Words("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1", "DOTNET_EnableDiagnostics=0", "DOTNET_gcConcurrent=0"),
        ["capabilities"] = new JsonObject { ["bounding"] = Words(Capabilities), ["effective"] = Words(Capabilities), ["permitted"] = Words(Capabilities) },
    };

    private static JsonObject Resources(RunSpec spec) => new()
    {
        ["devices"] = new JsonArray(new JsonObject { ["allow"] = false, ["access"] = "rwm" }),
        ["memory"] = new JsonObject { ["limit"] = (long)spec.MemoryMiB << 20 },
        ["cpu"] = new JsonObject { ["quota"] = (long)spec.CpuCount * CpuPeriodMicroseconds, ["period"] = CpuPeriodMicroseconds },
        ["pids"] = new JsonObject { ["limit"] = ProcessLimit },
    };

    private static JsonObject[] SystemMounts() =>
    [
        Mount("/proc", "proc", "proc"),
        Mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
        Mount("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"),
        Mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777", $"size={SharedMemoryKiB}k"),
        Mount("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"),
        Mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro"),
    ];

    private static JsonObject Bind(string destination, string source) => Mount(destination, "bind", source, "bind", "ro");

    private static JsonObject Mount(string destination, string type, string source, params string[] options)
    {
        var mount = new JsonObject { ["destination"] = destination, ["type"] = type, ["source"] = source };
        if (options.Length > 0)
        {
            mount["options"] = Words(options);
        }

        return mount;
    }

    private static JsonObject Namespace(string type) => new() { ["type"] = type };

    private static JsonArray Words(params string[] words) => new([.. words.Select(word => (JsonNode)word)]);
}
