using Alcove.Runtime.Linux;
using Xunit;

namespace Alcove.Tests.Runtime;

public sealed class MountLineTests
{
    [Theory]
    [InlineData(@"36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue", "/mnt2 98:0 ext3 /dev/root rw,errors=continue")]
    [InlineData(@"36 35 0:40 / /mnt rw - tmpfs none rw", "/mnt 0:40 tmpfs none rw")]
    [InlineData(@"36 35 7:3 / /srv/my\040home/a\134b\011c rw shared:1 master:2 - xfs /srv/my\040pool.img rw,reflink", "/srv/my home/a\\b\tc 7:3 xfs /srv/my pool.img rw,reflink")]
    public void Parse_Line_GivesPlaceAndKind_WithBlanksAsTheyAre(string line, string expected)
    {
        var parsed = MountLine.Parse(line);

        Assert.Equal(expected, $"{parsed.Target} {parsed.Device} {parsed.FileSystem} {parsed.Source} {parsed.Options}");
    }
}
