namespace Alcove.Protocol;

/// <summary>
/// How long the line and the headers of a request may be, for the server and for the daemon that it passes requests on to: signed URLs,
/// users' own headers, and a long path with each byte of it escaped are more than the usual 8 KiB and 32 KiB.
/// </summary>
public static class RequestLimits
{
    /// <value>In bytes.</value>
    public const int Line = 64 << 10;

    /// <value>Of all headers together, in bytes.</value>
    public const int Headers = 256 << 10;

    public const int HeaderCount = 1000;
}
