using Alcove.Runtime.Storage;
using Xunit;

namespace Alcove.Tests.Runtime;

public sealed class PoolTests
{
    private const long GiB = 1L << 30;

    [Theory]
    [InlineData(100, 10, true)]
    [InlineData(100, 9, false)]
    [InlineData(20, 4, true)]
    [InlineData(20, 3, false)]
    [InlineData(1000, 99, false)]
    public void HasRoom_WhileATenthAndFourGiBAreFree(long total, long available, bool room) => Assert.Equal(room, Pool.HasRoom(total * GiB, available * GiB, 4 * GiB));
}
