using System.Net;
using Alcove.Runtime.Networking;
using CsCheck;
using Xunit;

namespace Alcove.Tests.Runtime;

public sealed class SlotAddressesTests
{
    [Fact]
    public void EverySlot_IsInTheRange_AndItsLinkNameFits() => Gen.Select(Gen.Int[16, 24], Gen.Int[1, 65_534]).Sample((prefix, number) =>
    {
        var range = new IPNetwork(IPAddress.Parse("10.11.0.0"), prefix);
        var slots = new SlotAddresses(range, "abcd1234");
        var slot = ((number - 1) % slots.Count) + 1;

        Assert.True(range.Contains(slots.Of(slot)));
        Assert.InRange(slots.Link(slot).Length, 1, 15);
        Assert.StartsWith(slots.LinkPrefix, slots.Link(slot), StringComparison.Ordinal);
    });

    [Fact]
    public void FirstAndLastSlot_LeaveTheRangesEndsAlone()
    {
        var slots = new SlotAddresses(IPNetwork.Parse("10.11.12.0/24"), "abcd1234");

        Assert.Equal("10.11.12.1", slots.Of(1).ToString());
        Assert.Equal("10.11.12.254", slots.Of(slots.Count).ToString());
    }

    [Fact]
    public void TwoInstallations_ShareNoName()
    {
        var (one, other) = (new SlotAddresses(IPNetwork.Parse("10.11.0.0/16"), "aaaaaaaa"), new SlotAddresses(IPNetwork.Parse("10.11.0.0/16"), "bbbbbbbb"));

        Assert.NotEqual(one.Table, other.Table);
        Assert.NotEqual(one.Link(1), other.Link(1));
    }
}
