namespace Alcove.Server.Edge;

/// <summary>What the edge takes from the environment.</summary>
internal sealed record EdgeOptions
{
    public const string DomainSetting = "ALCOVE_DOMAIN";

    /// <value>The name under which sandboxes have theirs, without a port; default <c>localhost</c>.</value>
    public string Domain { get; init; } = "localhost";

    /// <value>Default 30 s for all attempts to connect to a sandbox together.</value>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Reads the <c>ALCOVE_*</c> settings.</summary>
    /// <exception cref="InvalidOperationException">A setting cannot be used; the message names it.</exception>
    public static EdgeOptions Read(IConfiguration settings)
    {
        var domain = settings[DomainSetting] is { Length: > 0 } text ? new HostString(text).Host : "localhost";
        return Uri.CheckHostName(domain) == UriHostNameType.Unknown
            ? throw new InvalidOperationException($"{DomainSetting} is a host name, with a port if need be, not '{settings[DomainSetting]}'")
            : new EdgeOptions { Domain = domain };
    }
}
