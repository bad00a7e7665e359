using System.Globalization;

namespace Alcove.IntegrationTests.Durability;

/// <summary>How much of the durability tests is run: <c>make test</c> runs a part of them, <c>make test-durability</c> all.</summary>
internal static class Extent
{
    /// <summary>Every fault at every step, rather than the worst one at each.</summary>
    public static bool IsFull { get; } = Environment.GetEnvironmentVariable("ALCOVE_TEST_DURABILITY") == "1";

    /// <summary>How often the power goes.</summary>
    public static int PowerCuts { get; } = IsFull ? 20 : 2;

    /// <summary>
    /// Whether a criu is killed at random moments too. A process that it is just inside of can end with it, since what criu has put aside of it
    /// is gone: so this is asked for by name. The walk kills it where it is half done.
    /// </summary>
    public static bool KillsCriuAtRandom { get; } = Environment.GetEnvironmentVariable("ALCOVE_TEST_KILL_CRIU") == "1";

    /// <summary>Cycles of pause and resume with kills at random moments.</summary>
    public static int Cycles { get; } = Environment.GetEnvironmentVariable("ALCOVE_TEST_CYCLES") is { Length: > 0 } cycles
        ? int.Parse(cycles, CultureInfo.InvariantCulture)
        : IsFull ? 1000 : 12;
}
