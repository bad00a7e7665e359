using System.Text.Json.Nodes;
using Alcove.Runtime;
using Alcove.Runtime.Crun;
using Xunit;

namespace Alcove.Tests.Runtime;

public sealed class BundleTests : IDisposable
{
    private readonly TemporaryDirectory _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task Resources_AreTheSpecs_AndNoDeviceIsAllowed()
    {
        var resources = (await WriteAsync())["linux"]!["resources"]!;

        Assert.Equal(512L << 20, (long)resources["memory"]!["limit"]!);
        Assert.Equal(2.0, (double)resources["cpu"]!["quota"]! / (double)resources["cpu"]!["period"]!);
        var device = Assert.Single(resources["devices"]!.AsArray())!;
        Assert.False((bool)device["allow"]!);
        Assert.Equal("rwm", (string?)device["access"]);
    }

    [Fact]
    public async Task Capabilities_AreWithoutThoseThatReachTheHost()
    {
        var capabilities = (await WriteAsync())["process"]!["capabilities"]!;

        foreach (var set in (string[])["bounding", "effective", "permitted"])
        {
            var names = capabilities[set]!.AsArray().Select(name => (string?)name).ToArray();
            Assert.DoesNotContain(names, name => name is "CAP_MKNOD" or "CAP_SYS_ADMIN" or "CAP_SYS_PTRACE" or "CAP_NET_ADMIN" or "CAP_SYS_MODULE" or "CAP_DAC_READ_SEARCH" or "CAP_SYSLOG");
        }
    }

    [Fact]
    public async Task WhatTheHostShares_IsReadOnly()
    {
        var mounts = (await WriteAsync())["mounts"]!.AsArray().Where(mount => (string?)mount!["type"] == "bind").ToArray();

        Assert.Contains(mounts, mount => (string?)mount!["destination"] == "/run/alcove");
        Assert.Contains(mounts, mount => (string?)mount!["destination"] == Bundle.DaemonDirectory);
        Assert.All(mounts, mount => Assert.Contains("ro", mount!["options"]!.AsArray().Select(option => (string?)option)));
    }

    [Fact]
    public async Task Identity_IsTheSandboxs_WithoutItsToken()
    {
        await WriteAsync();
        var identity = JsonNode.Parse(await File.ReadAllTextAsync(Directory.EnumerateFiles(_home.Path, "host.json", SearchOption.AllDirectories).Single(), TestContext.Current.CancellationToken))!;

        Assert.Equal("i0123456789abcdefghij", (string?)identity["sandboxId"]);
        Assert.Equal(
            "bd2b1aaf7ef4f09be9f52ce2d8d599674d81aa9d6a4421696dc4d93dd0619d682ce56b4d64a9ef097761ced99e0f67265b5f76085e5b0ee7ca4696b2ad6fe2b2",
            (string?)identity["accessTokenHash"]);
    }

    [Fact]
    public async Task BootAndMachineId_AreTheManifests()
    {
        await WriteAsync();

        Assert.Equal(["11111111-2222-3333-4444-555555555555\n", "0123456789abcdef0123456789abcdef\n"], await IdsAsync());
    }

    [Fact]
    public void Identity_OfAReboot_KeepsTheMachine()
    {
        var before = MachineIdentity.New();
        var after = before.Rebooted();

        Assert.Equal(before.MachineId, after.MachineId);
        Assert.NotEqual(before.BootId, after.BootId);
        Assert.NotEqual(before.MachineId, MachineIdentity.New().MachineId);
        Assert.Equal(32, before.MachineId.Length);
    }

    [Fact]
    public void Seccomp_DeniesWhatCannotBeDumped_AndWhatReachesTheHost()
    {
        var denied = Seccomp.Profile()["syscalls"]!.AsArray().Where(rule => rule!["args"] is null).SelectMany(rule => rule!["names"]!.AsArray()).Select(name => (string?)name).ToHashSet();

        Assert.Superset(
            new HashSet<string?> { "io_uring_setup", "clone3", "unshare", "setns", "mount", "bpf", "perf_event_open", "userfaultfd", "keyctl", "kexec_load", "open_by_handle_at", "syslog", "memfd_secret" },
            denied);
    }

    private async Task<JsonNode> WriteAsync()
    {
        var paths = new HomePaths(_home.Path);
        var manifest = ManifestTests.Example(_home.Path);
        await new Bundle(paths).WriteAsync(manifest, "/alcove/abcd1234/id", [("/sys/fs/cgroup/memory/x", "memory")]);
        return JsonNode.Parse(await File.ReadAllTextAsync($"{paths.Sandbox(manifest.Spec.SandboxId)}/config.json"))!;
    }

    private async Task<string[]> IdsAsync()
    {
        var directory = new HomePaths(_home.Path).Sandbox("i0123456789abcdefghij");
        return [await File.ReadAllTextAsync($"{directory}/boot_id"), await File.ReadAllTextAsync($"{directory}/machine-id")];
    }
}
