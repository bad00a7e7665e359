using Xunit;

namespace Alcove.Tests.Setup;

/// <summary>What of unpacked packages goes into a prefix.</summary>
public sealed class AssembleTests
{
    /// <remarks>On tmpfs the order in which files are found follows from that in which they were made, so that each of the two comes first once.</remarks>
    [Theory]
    [InlineData("usr/lib64", "usr/lib")]
    [InlineData("usr/lib", "usr/lib64")]
    public async Task Assemble_LoaderAndALinkOfItsNameThatLeadsElsewhere_TakesTheLoader(params string[] order)
    {
        using var machine = new ScriptHost(userId: 0);
        var packages = Directory.CreateDirectory($"/dev/shm/alcove-assemble-{Guid.NewGuid():n}").FullName;
        try
        {
            Array.ForEach(order, directory => Directory.CreateDirectory(Path.Combine(packages, directory)));
            Write("usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", "loader");
            Write("usr/lib/x86_64-linux-gnu/libc.so.6", "libc");
            Write("usr/lib/x86_64-linux-gnu/libseccomp.so.2.6.0", "libseccomp");
            Write("usr/lib/x86_64-linux-gnu/gconv/UTF-16.so", "not needed");
            Write("usr/bin/crun", "crun");
            Write("usr/sbin/criu", "criu");
            File.CreateSymbolicLink(Path.Combine(packages, "usr/lib64/ld-linux-x86-64.so.2"), "../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2");
            File.CreateSymbolicLink(Path.Combine(packages, "usr/lib/x86_64-linux-gnu/libseccomp.so.2"), "libseccomp.so.2.6.0");

            Assert.Equal((0, string.Empty), await machine.RunAsync("assemble.sh", packages, Path.Combine(machine.Home, "prefix")));

            Assert.Equal(["criu", "crun"], machine.Names("prefix/bin"));
            Assert.Equal(["ld-linux-x86-64.so.2", "libc.so.6", "libseccomp.so.2", "libseccomp.so.2.6.0"], machine.Names("prefix/lib"));
            Assert.Equal("loader", await File.ReadAllTextAsync(Path.Combine(machine.Home, "prefix/lib/ld-linux-x86-64.so.2"), TestContext.Current.CancellationToken));
            Assert.Equal("libseccomp.so.2.6.0", new FileInfo(Path.Combine(machine.Home, "prefix/lib/libseccomp.so.2")).LinkTarget);
        }
        finally
        {
            Directory.Delete(packages, recursive: true);
        }

        void Write(string path, string text)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(packages, path))!);
            File.WriteAllText(Path.Combine(packages, path), text);
        }
    }
}
