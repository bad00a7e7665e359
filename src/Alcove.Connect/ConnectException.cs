namespace Alcove.Connect;

/// <summary>A call that failed with a code: thrown by handlers to say so, and by the client when it was told so.</summary>
public sealed class ConnectException(ConnectCode code, string message, Exception? innerException = null) : Exception(message, innerException)
{
    public ConnectCode Code { get; } = code;
}
