using System.Globalization;

namespace Alcove.Benchmarks;

/// <summary>Prints a row as soon as it is known.</summary>
internal static class Report
{
    private static readonly bool Colours = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null or "";

    public static void Head(string machine, int rounds)
    {
        Console.WriteLine($"{Bold("Alcove beside podman")}, medians of {rounds} rounds in turn, ms (in brackets: what 9 of 10 stay below)");
        Console.WriteLine(Dim(machine));
        Console.WriteLine();
        Console.WriteLine(Dim($"{string.Empty,-26}{"Alcove",20}{"podman",22}{"Alcove/podman",17}   aim"));
    }

    /// <param name="name">What was done.</param>
    /// <param name="seen">How long it took with each.</param>
    /// <param name="aim">What is promised, and whether it is kept; null when nothing is.</param>
    public static void Row(string name, (Samples Alcove, Samples Podman) seen, (string Text, bool Kept)? aim = null) =>
        Console.WriteLine($"{name,-26}{Pair(seen.Alcove),20}{Pair(seen.Podman),22}{Number(seen.Alcove.Median / seen.Podman.Median, "0.00"),17}   {Aim(aim)}");

    public static void Daemon(string name, string value, (string Text, bool Kept) aim) => Console.WriteLine($"{name,-46}{value,22}{string.Empty,17}   {Aim(aim)}");

    public static string Number(double value, string format = "0.0") => value.ToString(format, CultureInfo.InvariantCulture);

    private static string Pair(Samples samples) => $"{Number(samples.Median)} {"(" + Number(samples.Slow) + ")",8}";

    private static string Aim((string Text, bool Kept)? aim) => aim is { } said ? $"{(said.Kept ? Colour("32", "✓") : Colour("31", "✗"))} {said.Text}" : string.Empty;

    private static string Bold(string text) => Colour("1", text);

    private static string Dim(string text) => Colour("2", text);

    private static string Colour(string code, string text) => Colours ? $"\e[{code}m{text}\e[0m" : text;
}
