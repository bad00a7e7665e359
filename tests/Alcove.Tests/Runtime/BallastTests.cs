using Alcove.Runtime.Storage;
using Xunit;

namespace Alcove.Tests.Runtime;

public sealed class BallastTests : IDisposable
{
    private const long MiB = 1L << 20;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("alcove-ballast-");

    private string FilePath => Path.Combine(_directory.FullName, "ballast");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Adjust_GivesItUpWhenTheDiskIsFull_AndTakesItAgainWhenItFitsTwice()
    {
        var free = 1000 * MiB;
        var ballast = new Ballast(FilePath, sizeMiB: 4, () => free);

        Assert.False(ballast.Adjust());
        Assert.Equal(4 * MiB, new FileInfo(FilePath).Length);

        free = 63 * MiB;
        Assert.True(ballast.Adjust());
        Assert.False(File.Exists(FilePath));

        free = 67 * MiB;
        Assert.False(ballast.Adjust());
        Assert.False(File.Exists(FilePath));

        free = 80 * MiB;
        Assert.False(ballast.Adjust());
        Assert.True(File.Exists(FilePath));
    }

    [Fact]
    public void Adjust_OfNone_MakesNone()
    {
        Assert.False(new Ballast(FilePath, sizeMiB: 0, () => 1000 * MiB).Adjust());
        Assert.False(File.Exists(FilePath));
    }
}
