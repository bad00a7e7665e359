using System.Net.Sockets;
using Alcove.Node.Listening;
using Alcove.Tests.Runtime;
using Xunit;

namespace Alcove.Tests.Node;

public sealed class ListeningTests
{
    [Fact]
    public async Task SingleInstance_SecondIsRefused_UntilTheFirstIsGone()
    {
        using var home = new TemporaryDirectory();
        await using (SingleInstance.Acquire(home.Path))
        {
            Assert.Throws<InvalidOperationException>(() => SingleInstance.Acquire(home.Path));
        }

        await SingleInstance.Acquire(home.Path).DisposeAsync();
    }

    [Theory]
    [InlineData(0, 0, true)]
    [InlineData(0, 12345, true)]
    [InlineData(12345, 12345, false)]
    [InlineData(12345, 0, false)]
    public void SocketGroup_ThatIsNotThere_AdmitsRootAlone(uint uid, uint gid, bool admitted) => Assert.Equal(admitted, new SocketGroup("no-such-group-here").Admits(uid, gid));

    [Fact]
    public void SocketGroup_AdmitsWhoeverHasIt()
    {
        var group = new SocketGroup("daemon");

        Assert.True(group.Admits(12345, group.Gid!.Value));
        Assert.False(group.Admits(12345, 12345));
    }

    [Fact]
    public async Task PeerCredentials_AreThoseOfTheOtherEnd()
    {
        using var home = new TemporaryDirectory();
        var address = new UnixDomainSocketEndPoint($"{home.Path}/socket");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(address);
        listener.Listen();
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await client.ConnectAsync(address, TestContext.Current.CancellationToken);
        using var server = await listener.AcceptAsync(TestContext.Current.CancellationToken);

        var ids = File.ReadLines("/proc/self/status").Where(line => line.StartsWith("Uid:", StringComparison.Ordinal) || line.StartsWith("Gid:", StringComparison.Ordinal))
            .Select(line => uint.Parse(line.Split('\t')[2], System.Globalization.CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal((ids[0], ids[1]), PeerCredentials.Of(server));
    }
}
