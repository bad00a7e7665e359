namespace Alcove.Envd.Processes;

/// <summary>The daemon's program in a second role: a process that says why a command could not be run, and exits as a shell would.</summary>
internal static class Refusal
{
    public const string Verb = "--refuse";

    /// <summary>This very program.</summary>
    public static string Program { get; } = Environment.ProcessPath ?? "/proc/self/exe";

    /// <summary><c>--refuse CODE MESSAGE</c></summary>
    public static int Run(string[] arguments)
    {
        Console.Error.WriteLine(arguments[2]);
        return int.Parse(arguments[1], System.Globalization.CultureInfo.InvariantCulture);
    }
}
