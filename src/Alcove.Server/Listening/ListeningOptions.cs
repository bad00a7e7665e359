using System.Collections.Immutable;
using System.Globalization;
using System.Net;

namespace Alcove.Server.Listening;

/// <summary>Where the server listens, and with which certificate. Bound once from the environment.</summary>
internal sealed record ListeningOptions
{
    public const string ListenSetting = "ALCOVE_LISTEN";
    public const string ApiPortSetting = "ALCOVE_API_PORT";
    public const string TrafficPortSetting = "ALCOVE_TRAFFIC_PORT";
    public const string CertificateSetting = "ALCOVE_TLS_CERTIFICATE";
    public const string KeySetting = "ALCOVE_TLS_KEY";

    private static readonly ImmutableArray<IPAddress> Loopback = [IPAddress.Loopback, IPAddress.IPv6Loopback];

    /// <value>Default 127.0.0.1 and ::1, so that nobody else reaches a server that was only tried out.</value>
    public ImmutableArray<IPAddress> Addresses { get; init; } = Loopback;

    /// <value>0–65535, default 3000; 0 takes a free one.</value>
    public int ApiPort { get; init; } = 3000;

    /// <value>0–65535, default 3002; 0 takes a free one.</value>
    public int TrafficPort { get; init; } = 3002;

    /// <value>A PEM file with the certificate and its chain; null issues certificates from an authority of our own.</value>
    public string? CertificatePath { get; init; }

    /// <value>The PEM file with the certificate's key; given exactly when <see cref="CertificatePath"/> is.</value>
    public string? KeyPath { get; init; }

    /// <value>Where our own authority lives (<c>ca.crt</c>, <c>ca.key</c>).</value>
    public required string TlsDirectory { get; init; }

    /// <value>Default 30 s: longer than any client takes to speak, short enough that silent connections do not add up.</value>
    public TimeSpan FirstByteTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether the server starts without this address where the machine does not have it: ::1, as long as 127.0.0.1 is there.</summary>
    public bool MayBeAbsent(IPAddress address) => address.Equals(IPAddress.IPv6Loopback) && Addresses.Contains(IPAddress.Loopback);

    /// <summary>Whether only this machine can connect.</summary>
    public bool IsLoopbackOnly => Addresses.All(IPAddress.IsLoopback);

    public int NumberOf(ServerPort port) => port switch
    {
        ServerPort.Api => ApiPort,
        ServerPort.Traffic => TrafficPort,
    };

    /// <summary>Reads the <c>ALCOVE_*</c> settings.</summary>
    /// <exception cref="InvalidOperationException">A setting cannot be used; the message names it.</exception>
    public static ListeningOptions Read(IConfiguration settings)
    {
        var options = new ListeningOptions
        {
            TlsDirectory = Path.Combine(settings["ALCOVE_HOME"] is { Length: > 0 } home ? home : "/var/lib/alcove", "server", "tls"),
            Addresses = settings[ListenSetting] is { Length: > 0 } listen ? ReadAddresses(listen) : Loopback,
            ApiPort = ReadPort(settings, ApiPortSetting, 3000),
            TrafficPort = ReadPort(settings, TrafficPortSetting, 3002),
            CertificatePath = NullIfEmpty(settings[CertificateSetting]),
            KeyPath = NullIfEmpty(settings[KeySetting]),
        };
        options.Validate();
        return options;
    }

    private void Validate()
    {
        if (Addresses.IsEmpty)
        {
            throw new InvalidOperationException($"{ListenSetting} names no address");
        }

        if (ApiPort == TrafficPort && ApiPort != 0)
        {
            throw new InvalidOperationException($"{ApiPortSetting} and {TrafficPortSetting} are both {ApiPort}; they must differ");
        }

        if (CertificatePath is null != KeyPath is null)
        {
            throw new InvalidOperationException($"{CertificateSetting} and {KeySetting} are given together or not at all");
        }
    }

    private static ImmutableArray<IPAddress> ReadAddresses(string list) =>
        [.. list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).SelectMany(text => ReadAddress(text)).Distinct()];

    private static ImmutableArray<IPAddress> ReadAddress(string text) =>
        text.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? Loopback
        : IPAddress.TryParse(text, out var address) ? [address]
        : throw new InvalidOperationException($"{ListenSetting} takes IP addresses divided by commas; '{text}' is none");

    private static int ReadPort(IConfiguration settings, string name, int fallback) =>
        settings[name] is not { Length: > 0 } text ? fallback
        : ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port
        : throw new InvalidOperationException($"{name} is a port number from 0 to 65535, not '{text}'");

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
