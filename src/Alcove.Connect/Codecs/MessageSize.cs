namespace Alcove.Connect.Codecs;

internal static class MessageSize
{
    /// <exception cref="ConnectException"><see cref="ConnectCode.ResourceExhausted"/>, when it is above the limit.</exception>
    public static void Check(long bytes, int maxBytes)
    {
        if (bytes > maxBytes)
        {
            throw new ConnectException(ConnectCode.ResourceExhausted, $"message is larger than the limit of {maxBytes} bytes");
        }
    }
}
