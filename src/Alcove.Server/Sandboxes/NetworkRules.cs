using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Alcove.Protocol.Sandboxes;
using Alcove.Server.Errors;

namespace Alcove.Server.Sandboxes;

/// <summary>What a create may ask of the network: ingress works; egress by rule is refused by name, after what is wrong with it.</summary>
internal static partial class NetworkRules
{
    private const string AllTraffic = "0.0.0.0/0";

    /// <exception cref="ApiException">It asks for what cannot be.</exception>
    public static void Check(NetworkConfig? network, bool isSecured)
    {
        if (network is null)
        {
            return;
        }

        CheckIngress(network, isSecured);
        CheckEgress(network);
        if (IsGiven(network.EgressProxy))
        {
            throw new ApiException(StatusCodes.Status403Forbidden, "Egress proxy (network.egressProxy) is not enabled for this team.");
        }

        if (IsGiven(network.Rules))
        {
            throw ApiException.BadRequest("Network transform rules are not available for your team.");
        }

        if (network.HttpsPorts is { Count: > 0 })
        {
            throw ApiException.NotSupported("network.httpsPorts");
        }
    }

    private static void CheckIngress(NetworkConfig network, bool isSecured)
    {
        if (network.AllowPublicTraffic == false && !isSecured)
        {
            throw ApiException.BadRequest("You cannot create a sandbox without public access unless you enable secure envd access via 'secure' flag.");
        }

        if (network.MaskRequestHost is not { } mask)
        {
            return;
        }

        if (!mask.All(char.IsAscii))
        {
            throw ApiException.BadRequest($"mask request host '{mask}' is not ASCII. Please use ASCII characters only.");
        }

        if (!HostPattern().IsMatch(mask.Replace("${PORT}", "1", StringComparison.Ordinal)))
        {
            throw ApiException.BadRequest($"mask request host is not valid: {mask}");
        }
    }

    private static void CheckEgress(NetworkConfig network)
    {
        foreach (var denied in network.DenyOut ?? [])
        {
            if (denied is null || !IsNetwork(denied, out var unspecified) || (unspecified && denied != AllTraffic))
            {
                throw ApiException.BadRequest($"invalid denied CIDR {denied}");
            }
        }

        foreach (var allowed in network.AllowOut ?? [])
        {
            if (string.IsNullOrEmpty(allowed) || (IsNetwork(allowed, out var unspecified) && unspecified))
            {
                throw ApiException.BadRequest($"invalid allowed address {allowed}");
            }

            if (!IsNetwork(allowed, out _) && network.DenyOut?.Contains(AllTraffic) != true)
            {
                throw ApiException.BadRequest("When specifying allowed domains in allow out, you must include 'ALL_TRAFFIC' in deny out to block all other traffic.");
            }
        }

        if (network.AllowOut is { Count: > 0 })
        {
            throw ApiException.NotSupported("network.allowOut");
        }

        if (network.DenyOut is { Count: > 0 })
        {
            throw ApiException.NotSupported("network.denyOut");
        }
    }

    private static bool IsGiven(JsonElement? element) => element is { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) };

    private static bool IsNetwork(string text, out bool unspecified)
    {
        unspecified = false;
        var parts = text.Split('/');
        if (parts.Length > 2 || !IPAddress.TryParse(parts[0], out var address) || (parts.Length == 2 && !IsPrefix(parts[1], address)))
        {
            return false;
        }

        unspecified = address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
        return true;
    }

    private static bool IsPrefix(string text, IPAddress address) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var prefix) && prefix <= (address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 32 : 128);

    /// <summary>A name or an IPv4 address, with a port or without.</summary>
    [GeneratedRegex(@"^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*\.?(:[0-9]{1,5})?\z")]
    private static partial Regex HostPattern();
}
