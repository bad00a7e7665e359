using System.Runtime.InteropServices;
using Alcove.Envd.Linux;
using Alcove.Envd.Users;

namespace Alcove.Envd.Processes;

/// <summary>
/// Who the current thread is, to the kernel. The raw system calls change one thread where glibc's wrappers change all;
/// a saved id of 0 is kept to come back with, and execve takes it from whatever is started meanwhile.
/// </summary>
internal static unsafe class Credentials
{
    private const int ThisThread = 0;

    /// <summary>Best effort, level 4 of 8: what everybody has who asks for nothing (ioprio_set(2)).</summary>
    private const nint OrdinaryInputOutput = (2 << 13) | 4;

    private static readonly (nint SetGroups, nint SetResGid, nint SetResUid, nint SetIoPriority) Numbers = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => (116, 119, 117, 251),
        Architecture.Arm64 => (159, 149, 147, 30),
        var other => throw new PlatformNotSupportedException($"no system call numbers for {other}"),
    };

    /// <exception cref="LinuxException">The daemon may not become that user.</exception>
    public static void Become(User user)
    {
        fixed (uint* groups = user.Groups)
        {
            Check(Libc.SystemCall(Numbers.SetGroups, user.Groups.Length, (nint)groups, 0), "setgroups");
        }

        Check(Libc.SystemCall(Numbers.SetResGid, (nint)user.Gid, (nint)user.Gid, 0), "setresgid");
        Check(Libc.SystemCall(Numbers.SetResUid, (nint)user.Uid, (nint)user.Uid, 0), "setresuid");
    }

    public static void BecomeRoot()
    {
        Check(Libc.SystemCall(Numbers.SetResUid, 0, 0, 0), "setresuid");
        Check(Libc.SystemCall(Numbers.SetResGid, 0, 0, 0), "setresgid");
        Check(Libc.SystemCall(Numbers.SetGroups, 0, 0, 0), "setgroups");
    }

    /// <summary>Whatever priority the daemon was given stays its own: what this thread starts has the ordinary one. Where that may not be, theirs is the daemon's.</summary>
    public static void TakeOrdinaryPriority()
    {
        _ = Libc.SetPriority(kind: 0, ThisThread, nice: 0);
        _ = Libc.SystemCall(Numbers.SetIoPriority, 1, ThisThread, OrdinaryInputOutput);
    }

    private static void Check(nint result, string call)
    {
        if (result < 0)
        {
            throw LinuxException.Last(call);
        }
    }
}
