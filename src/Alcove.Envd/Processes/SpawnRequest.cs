using Alcove.Envd.Linux;
using Alcove.Envd.Users;

namespace Alcove.Envd.Processes;

/// <summary>What to start, all of it decided.</summary>
/// <param name="Command">A path, or a name to look up in the environment's PATH.</param>
/// <param name="Arguments">Without the command itself.</param>
/// <param name="Environment">The whole environment.</param>
/// <param name="WorkingDirectory">Absolute.</param>
/// <param name="User">Who it runs as.</param>
/// <param name="Terminal">Columns and rows of its pseudo-terminal; null for pipes.</param>
/// <param name="Stdin">A pipe to its standard input; otherwise /dev/null.</param>
internal sealed record SpawnRequest(
    string Command,
    IReadOnlyList<string> Arguments,
    IReadOnlyDictionary<string, string> Environment,
    string WorkingDirectory,
    User User,
    (ushort Columns, ushort Rows)? Terminal,
    bool Stdin);

/// <summary>A process that runs, and our ends of what it reads and writes.</summary>
/// <param name="Pid">Its id inside the sandbox.</param>
/// <param name="Exit">Its wait status, once it has ended and has been reaped.</param>
/// <param name="Stdin">Null when there is none to write to.</param>
/// <param name="Outputs">One for a terminal, otherwise standard output and standard error.</param>
/// <param name="Terminal">The terminal's own descriptor, for its size; null for pipes.</param>
internal sealed record SpawnedProcess(int Pid, Task<int> Exit, Descriptor? Stdin, IReadOnlyList<Descriptor> Outputs, Descriptor? Terminal);

/// <summary>A process that could not be started, for a reason that its caller should hear.</summary>
internal sealed class SpawnException(string message) : Exception(message);
