namespace Alcove.Envd.Files;

/// <summary>A request to the files endpoints that ends with this status and message.</summary>
internal sealed class FilesException(int status, string message, Exception? innerException = null) : Exception(message, innerException)
{
    public int Status { get; } = status;
}
