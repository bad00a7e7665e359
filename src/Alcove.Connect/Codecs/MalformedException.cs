namespace Alcove.Connect.Codecs;

/// <summary>Bytes that are not what they should be. Whoever sent them is to blame: a server answers invalid_argument, a client reports its server.</summary>
internal sealed class MalformedException(string message, Exception? innerException = null) : Exception(message, innerException);
