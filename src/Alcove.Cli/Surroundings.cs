using Spectre.Console;

namespace Alcove.Cli;

/// <summary>What commands are given of the world.</summary>
/// <param name="Installation">What they operate.</param>
/// <param name="Open">Opens a client of its server.</param>
/// <param name="Console">Shows tables.</param>
/// <param name="Out">Takes what programs read.</param>
/// <param name="Error">Takes what went wrong, and remarks.</param>
/// <param name="Time">Clock.</param>
internal sealed record Surroundings(Installation Installation, Func<AdminClient> Open, IAnsiConsole Console, TextWriter Out, TextWriter Error, TimeProvider Time);
