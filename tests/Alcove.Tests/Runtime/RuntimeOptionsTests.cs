using Alcove.Runtime;
using Xunit;

namespace Alcove.Tests.Runtime;

public sealed class RuntimeOptionsTests
{
    [Fact]
    public void FromEnvironment_Empty_GivesTheDefaults() => Assert.Equal(new RuntimeOptions(), RuntimeOptions.FromEnvironment(_ => null));

    [Fact]
    public void FromEnvironment_Everything_IsTaken()
    {
        var settings = new Dictionary<string, string>
        {
            ["ALCOVE_HOME"] = "/srv/alcove/", ["ALCOVE_SLOTS"] = "10.64.0.0/20", ["ALCOVE_DNS"] = "direct",
            ["ALCOVE_POOL_GIB"] = "8", ["ALCOVE_MEMORY_RESERVE_MIB"] = "1024", ["ALCOVE_PREPARED_SLOTS"] = "0",
        };

        var options = RuntimeOptions.FromEnvironment(settings.GetValueOrDefault);

        Assert.Equal("/srv/alcove/", options.Home);
        Assert.Equal("10.64.0.0/20", options.Slots.ToString());
        Assert.True(options.DirectDns);
        Assert.Equal((8, 1024, 0), (options.PoolGiB, options.MemoryReserveMiB, options.PreparedSlots));
    }

    [Theory]
    [InlineData("ALCOVE_SLOTS", "10.11.0.0")]
    [InlineData("ALCOVE_SLOTS", "10.11.0.0/8")]
    [InlineData("ALCOVE_SLOTS", "10.11.0.0/28")]
    [InlineData("ALCOVE_SLOTS", "fd00::/16")]
    [InlineData("ALCOVE_DNS", "1.1.1.1")]
    [InlineData("ALCOVE_POOL_GIB", "0")]
    [InlineData("ALCOVE_POOL_GIB", "much")]
    [InlineData("ALCOVE_MEMORY_RESERVE_MIB", "-1")]
    [InlineData("ALCOVE_PREPARED_SLOTS", "257")]
    public void FromEnvironment_WhatCannotBe_IsRefusedByName(string setting, string value)
    {
        var refusal = Assert.Throws<ArgumentException>(() => RuntimeOptions.FromEnvironment(name => name == setting ? value : null));

        Assert.StartsWith(setting, refusal.Message, StringComparison.Ordinal);
    }
}
