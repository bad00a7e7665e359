using System.Globalization;

namespace Alcove.Server;

/// <summary>What the server is told by its environment. Checked before anything starts.</summary>
public sealed record ServerOptions
{
    private const int MostRequests = 1_000_000;

    /// <value><c>ALCOVE_HOME</c>.</value>
    public required string Home { get; init; }

    /// <value><c>ALCOVE_API_PORT</c>.</value>
    public int ApiPort { get; init; } = 3000;

    /// <value><c>ALCOVE_TRAFFIC_PORT</c>.</value>
    public int TrafficPort { get; init; } = 3002;

    /// <value><c>ALCOVE_DOMAIN</c>: what names of sandboxes end in, with the port where it is not the scheme's own.</value>
    public required string Domain { get; init; }

    /// <value><c>ALCOVE_DATABASE</c>: a PostgreSQL connection string; otherwise an SQLite file below the home.</value>
    public required string Database { get; init; }

    /// <value><c>ALCOVE_NODE_SOCKET</c>.</value>
    public required string NodeSocket { get; init; }

    /// <value><c>ALCOVE_ALLOW_WELL_KNOWN_KEY=1</c>: the seeded key works for others than this machine too.</value>
    public bool AllowWellKnownKey { get; init; }

    /// <value><c>ALCOVE_RATE_LIMIT</c>: requests a second that a team may send to one route; null sets no bound.</value>
    public int? RateLimit { get; init; }

    /// <value><c>ALCOVE_RATE_BURST</c>: how many of them at once; unless set, as many as in a second.</value>
    public int RateBurst { get; init; }

    /// <value><c>ALCOVE_PAUSED_RETENTION</c>: how long a paused sandbox is kept, such as <c>90m</c>, <c>12h</c> or <c>30d</c>; null for as long as nobody kills it.</value>
    public TimeSpan? PausedRetention { get; init; }

    public string SecretsDirectory => Path.Combine(Home, "secrets");

    /// <exception cref="ArgumentException">A setting cannot be: the message names it.</exception>
    public static ServerOptions FromEnvironment(Func<string, string?> read)
    {
        var home = Path.GetFullPath(read("ALCOVE_HOME") is { Length: > 0 } path ? path : "/var/lib/alcove");
        var rate = Count(read, "ALCOVE_RATE_LIMIT");
        var traffic = Port(read, "ALCOVE_TRAFFIC_PORT", 3002);
        return new ServerOptions
        {
            Home = home,
            ApiPort = Port(read, "ALCOVE_API_PORT", 3000),
            TrafficPort = traffic,
            Domain = read("ALCOVE_DOMAIN") is { Length: > 0 } domain ? domain : $"localhost:{traffic}",
            Database = read("ALCOVE_DATABASE") is { Length: > 0 } database ? database : Path.Combine(home, "server", "alcove.db"),
            NodeSocket = read("ALCOVE_NODE_SOCKET") is { Length: > 0 } socket ? socket : Path.Combine(home, "node.sock"),
            PausedRetention = Span(read, "ALCOVE_PAUSED_RETENTION"),
            AllowWellKnownKey = read("ALCOVE_ALLOW_WELL_KNOWN_KEY") == "1",
            RateLimit = rate,
            RateBurst = Count(read, "ALCOVE_RATE_BURST") ?? rate ?? 0,
        };
    }

    private static int? Count(Func<string, string?> read, string name) => read(name) switch
    {
        null or "" => null,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is > 0 and <= MostRequests => count,
        var text => throw new ArgumentException($"{name}: '{text}' is not a number from 1 to {MostRequests}"),
    };

    private static TimeSpan? Span(Func<string, string?> read, string name) => read(name) switch
    {
        null or "" => null,
        [.. var number, 'm'] when int.TryParse(number, out var minutes) && minutes > 0 => TimeSpan.FromMinutes(minutes),
        [.. var number, 'h'] when int.TryParse(number, out var hours) && hours > 0 => TimeSpan.FromHours(hours),
        [.. var number, 'd'] when int.TryParse(number, out var days) && days is > 0 and < 36500 => TimeSpan.FromDays(days),
        var text => throw new ArgumentException($"{name}: '{text}' is not a time such as 90m, 12h or 30d"),
    };

    private static int Port(Func<string, string?> read, string name, int unset) => read(name) switch
    {
        null or "" => unset,
        var text when int.TryParse(text, out var port) && port is > 0 and < 65536 => port,
        var text => throw new ArgumentException($"{name}: '{text}' is not a port"),
    };
}
