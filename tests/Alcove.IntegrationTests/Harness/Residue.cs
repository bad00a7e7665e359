namespace Alcove.IntegrationTests.Harness;

/// <summary>What is left on the machine of sandboxes that should be gone.</summary>
internal static class Residue
{
    /// <summary>Every mount, cgroup, loop device, process and file that still carries one of the names.</summary>
    public static async Task<string[]> OfAsync(IReadOnlyCollection<string> names)
    {
        var all = await Command.ShellAsync($"""
            cut -d' ' -f5 /proc/self/mountinfo | sed 's/^/mount /'
            find /sys/fs/cgroup -type d -path '*alcove*' | sed 's/^/cgroup /'
            losetup --noheadings --output BACK-FILE | sed 's/^/loop /'
            cat /proc/[0-9]*/cgroup 2>/dev/null | grep alcove | sed 's/^/process in /' || true
            find {TestHome.Path} -xdev -maxdepth 3 | sed 's/^/file /'
            find {TestHome.Path}/pool -maxdepth 2 | sed 's/^/pool /'
            """);
        return [.. all.Split('\n').Where(line => names.Any(name => line.Contains(name, StringComparison.Ordinal))).Distinct()];
    }
}
