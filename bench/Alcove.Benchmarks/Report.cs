using System.Globalization;

namespace Alcove.Benchmarks;

/// <summary>Prints a row as soon as it is known.</summary>
internal static class Report
{
    private static readonly bool Colours = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null or "";

    public static void Head(string machine, int rounds)
    {
        Console.WriteLine($"Medians of {rounds} rounds in turn, ms (in brackets: what 9 of 10 stay below)");
        Console.WriteLine(Dim(machine));
    }

    /// <param name="other">What Alcove is beside.</param>
    public static void Section(string other)
    {
        Console.WriteLine();
        Console.WriteLine(Bold($"Alcove beside {other}"));
        Console.WriteLine(Dim($"{string.Empty,-46}{"Alcove",20}{other,22}{"ratio",10}   aim"));
    }

    /// <param name="name">What was done.</param>
    /// <param name="seen">How long it took with each.</param>
    /// <param name="aim">What is promised, and whether it is kept; null when nothing is.</param>
    public static void Row(string name, (Samples Alcove, Samples Other) seen, (string Text, bool Kept)? aim = null) =>
        Console.WriteLine($"{name,-46}{Pair(seen.Alcove),20}{Pair(seen.Other),22}{Number(seen.Alcove.Median / seen.Other.Median, "0.00"),10}   {Aim(aim)}");

    /// <param name="name">What was done.</param>
    /// <param name="seen">How long it took.</param>
    /// <param name="other">The sum of medians that it is compared with.</param>
    /// <param name="most">The ratio that is aimed at; null when none is.</param>
    public static void Row(string name, Samples seen, double other, double? most = null)
    {
        var ratio = seen.Median / other;
        Console.WriteLine($"{name,-46}{Pair(seen),20}{Number(other),22}{Number(ratio, "0.00"),10}   {Aim(most is { } bound ? ($"<= {Number(bound)}", ratio <= bound) : null)}");
    }

    public static void Daemon(string name, string value, (string Text, bool Kept) aim) => Console.WriteLine($"{name,-46}{value,20}{string.Empty,32}   {Aim(aim)}");

    public static string Number(double value, string format = "0.0") => value.ToString(format, CultureInfo.InvariantCulture);

    private static string Pair(Samples samples) => $"{Number(samples.Median)} {"(" + Number(samples.Slow) + ")",8}";

    private static string Aim((string Text, bool Kept)? aim) => aim is { } said ? $"{(said.Kept ? Colour("32", "✓") : Colour("31", "✗"))} {said.Text}" : string.Empty;

    private static string Bold(string text) => Colour("1", text);

    private static string Dim(string text) => Colour("2", text);

    private static string Colour(string code, string text) => Colours ? $"\e[{code}m{text}\e[0m" : text;
}
