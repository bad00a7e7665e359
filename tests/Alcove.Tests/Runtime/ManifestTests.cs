using Alcove.Runtime.Crun;
using Alcove.Runtime.Linux;
using Xunit;

namespace Alcove.Tests.Runtime;

public sealed class ManifestTests
{
    internal static Manifest Example(string directory) => new(
        new RunSpec("i0123456789abcdefghij", 3, "base", ["aa", "bb"], 2, 512, 5120, "secret", AllowInternet: false),
        7, $"{directory}/prefix", $"{directory}/envd", Committed: true, new ProcessIdentity(42, 1234567), DateTimeOffset.UnixEpoch,
        new MachineIdentity("11111111-2222-3333-4444-555555555555", "0123456789abcdef0123456789abcdef"));

    [Fact]
    public async Task Written_IsReadAgain_AndForNobodyElse()
    {
        using var directory = new TemporaryDirectory();
        var written = Example(directory.Path);

        await Manifest.WriteAsync($"{directory.Path}/sandbox", written);
        var read = Manifest.Read($"{directory.Path}/sandbox");

        Assert.NotNull(read);
        Assert.Equal(written with { Spec = read.Spec }, read);
        Assert.Equal(written.Spec with { Layers = read.Spec.Layers }, read.Spec);
        Assert.Equal(written.Spec.Layers, read.Spec.Layers);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode($"{directory.Path}/sandbox/manifest.json"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"spec\":")]
    [InlineData("null")]
    public async Task NotWhole_IsNone(string text)
    {
        using var directory = new TemporaryDirectory();
        await File.WriteAllTextAsync($"{directory.Path}/manifest.json", text, TestContext.Current.CancellationToken);

        Assert.Null(Manifest.Read(directory.Path));
    }

    [Fact]
    public void Absent_IsNone() => Assert.Null(Manifest.Read("/nowhere"));
}
