namespace Alcove.Cli;

/// <summary>A command that cannot go on: what is wrong and the way out, for the person who typed it.</summary>
internal sealed class CommandException(string message, int? status = null) : Exception(message)
{
    /// <summary>The server's answer, when that is the reason.</summary>
    public int? Status => status;
}
