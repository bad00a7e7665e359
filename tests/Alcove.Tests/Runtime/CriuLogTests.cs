using Alcove.Runtime.Crun;
using Xunit;

namespace Alcove.Tests.Runtime;

/// <summary>What criu says, and what its users are told. The process of the log is this one: its number inside is its own.</summary>
public sealed class CriuLogTests
{
    private static readonly string Self = $"{File.ReadAllText("/proc/self/comm").Trim()} ({Environment.ProcessId})";
    private static readonly string Head = $"(00.001114) Error (criu/util.c:1534): rlimit: Can't setup RLIMIT_NOFILE for self: Operation not permitted\n(00.002000) Dumping task (pid: {Environment.ProcessId} comm: x)\n";

    [Theory]
    [InlineData("netlink: The socket has data to read", "process SELF: a netlink socket of it has received what it has not read yet", true)]
    [InlineData("unix: Non-empty write queue on an in-flight socket 0x5257f5", "process SELF: a socket that it listens on has a connection that was not accepted yet, and has received what it has not read yet", true)]
    [InlineData("fsnotify: \tCan't dump that handle", "process SELF: it watches a directory that was deleted, and that somebody has open", false)]
    [InlineData("Can't create memfd in victim: Too many open files", "process SELF: it has as many files open as it may (ulimit -n)", false)]
    [InlineData("remote mmap() failed: Cannot allocate memory", "process SELF: it has as much memory mapped as it may (ulimit -v)", false)]
    [InlineData("Can't make VM id for PID", "process SELF: it shares its memory with another one (clone(2))", false)]
    [InlineData("Can't make FS id for PID", "process SELF: it shares its working directory with another one (clone(2))", false)]
    [InlineData("tty: ctty inheritance detected sid/pgrp 27, no PTY peer with sid/pgrp needed", "session 27 has opened /dev/tty, and a process outside of it its terminal, as script(1) does: that cannot be written down", false)]
    [InlineData("Something new", "process SELF: Something new", false)]
    [InlineData("Dump eventpoll (pid: PID) failed with -1", "process SELF: it waits with epoll(7) for a file that it has closed and another process has open", false)]
    public void Explain_NamesTheProcess_AndTheReason(string error, string expected, bool isUnderWay)
    {
        using var directory = new TemporaryDirectory();
        var path = $"{directory.Path}/dump.log";
        File.WriteAllText(path, $"{Head}(00.003) Error (criu/x.c:1): {error.Replace("PID", $"{Environment.ProcessId}", StringComparison.Ordinal)}\n(00.004) Error (criu/cr-dump.c:1975): Dumping FAILED.\n");

        var reason = new CriuLog(path).Explain();

        Assert.Equal(expected.Replace("SELF", Self, StringComparison.Ordinal), reason);
        Assert.Equal(isUnderWay, CriuLog.SpeaksOfMessages(reason!));
    }

    [Fact]
    public void Explain_OfALogWithoutAFailure_IsNothing()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText($"{directory.Path}/dump.log", Head);

        Assert.Null(new CriuLog($"{directory.Path}/dump.log").Explain());
    }
}
