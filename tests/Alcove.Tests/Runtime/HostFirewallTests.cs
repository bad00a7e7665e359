using System.Net;
using Alcove.Runtime;
using Alcove.Runtime.Networking;
using Xunit;

namespace Alcove.Tests.Runtime;

public sealed class HostFirewallTests
{
    private static readonly HostFirewall Firewall = new(new SlotAddresses(IPNetwork.Parse("10.11.0.0/16"), "abcd1234"), new HomePaths("/nowhere"), directDns: false);

    [Fact]
    public void Rules_ClosedSandboxes_AreDropped_BeforeAnythingIsTranslated()
    {
        var rules = Firewall.Rules([IPAddress.Parse("10.11.0.3"), IPAddress.Parse("10.11.0.9")], "192.0.2.53");

        Assert.Contains("elements = { 10.11.0.3, 10.11.0.9 }", rules, StringComparison.Ordinal);
        Assert.InRange(rules.IndexOf("@closed drop", StringComparison.Ordinal), rules.IndexOf("priority mangle", StringComparison.Ordinal), rules.IndexOf("dnat to", StringComparison.Ordinal));
    }

    [Fact]
    public void Rules_NobodyClosed_NamesNoElements() => Assert.DoesNotContain("elements", Firewall.Rules([], null), StringComparison.Ordinal);

    [Theory]
    [InlineData("192.0.2.53", true)]
    [InlineData(null, false)]
    public void Rules_NamesAreTranslated_WhereTheHostHasAResolver(string? resolver, bool translated) =>
        Assert.Equal(translated, Firewall.Rules([], resolver).Contains("ip daddr 8.8.8.8 udp dport 53 dnat to", StringComparison.Ordinal));

    [Fact]
    public void Rules_TouchOnlyTablesAndLinksOfThisInstallation()
    {
        var lines = Firewall.Rules([], "192.0.2.53").Split('\n');

        Assert.All(lines.Where(line => line.Contains("table ", StringComparison.Ordinal)), line => Assert.Contains("alcove_abcd1234", line, StringComparison.Ordinal));
        Assert.All(lines.Where(line => line.Contains("ifname", StringComparison.Ordinal)), line => Assert.Contains("alabcd1234*", line, StringComparison.Ordinal));
    }
}
