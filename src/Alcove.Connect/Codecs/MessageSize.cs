namespace Alcove.Connect.Codecs;

internal static class MessageSize
{
    /// <summary>More than this does not belong into one message, nor into one array.</summary>
    private const int LargestLimit = 1024 * 1024 * 1024;

    /// <returns>The limit, when it is one.</returns>
    /// <exception cref="ArgumentOutOfRangeException">It is not between 1 byte and 1 GiB.</exception>
    public static int Limit(int maxBytes, string setting) =>
        maxBytes is > 0 and <= LargestLimit ? maxBytes : throw new ArgumentOutOfRangeException(setting, maxBytes, "A message's limit is between 1 byte and 1 GiB.");

    /// <exception cref="ConnectException"><see cref="ConnectCode.ResourceExhausted"/>, when it is above the limit.</exception>
    public static void Check(long bytes, int maxBytes)
    {
        if (bytes > maxBytes)
        {
            throw new ConnectException(ConnectCode.ResourceExhausted, $"message is larger than the limit of {maxBytes} bytes");
        }
    }
}
