using System.Runtime.InteropServices;

namespace Alcove.Envd.Linux;

/// <summary>Error numbers of Linux (asm-generic/errno-base.h), which are the same on x64 and arm64.</summary>
internal static class Errno
{
    public const int NoEntry = 2;
    public const int Interrupted = 4;
    public const int InputOutput = 5;
    public const int ExecFormat = 8;
    public const int NoChild = 10;
    public const int Again = 11;
    public const int NoMemory = 12;
    public const int AccessDenied = 13;
    public const int Exists = 17;
    public const int NotADirectory = 20;
    public const int IsADirectory = 21;
    public const int NoSpace = 28;
    public const int NoDevice = 6;
    public const int NoData = 61;
    public const int NotSupported = 95;
    public const int QuotaExceeded = 122;
    public const int NoProcess = 3;
    public const int TooManyLinks = 40;

    public static int Last => Marshal.GetLastPInvokeError();

    /// <summary>Whether it says that there is nothing at a path.</summary>
    public static bool IsMissing(int error) => error is NoEntry or NotADirectory;

    /// <summary>Whether it says that the disk, or somebody's part of it, is full.</summary>
    public static bool IsFull(int error) => error is NoSpace or QuotaExceeded;

    public static string Describe(int error) => Marshal.GetPInvokeErrorMessage(error);
}

/// <summary>A call to the kernel that failed.</summary>
internal sealed class LinuxException(string what, int error) : IOException($"{what}: {Errno.Describe(error)}")
{
    public int Error { get; } = error;

    public static LinuxException Last(string what) => new(what, Errno.Last);
}
