using System.Globalization;
using Alcove.Envd.Linux;
using Alcove.Envd.Users;

namespace Alcove.Envd.Processes;

/// <summary>What a process will read and write: pipes, or a pseudo-terminal. Made on the thread that has the user's credentials, so that they are the user's.</summary>
internal sealed unsafe class Stdio : IDisposable
{
    private const nuint SetWindowSize = 0x5414;
    private const nuint GetTerminalNumber = 0x80045430;
    private const nuint UnlockTerminal = 0x40045431;

    private readonly List<int> _childEnds = [];
    private readonly List<Descriptor> _ours = [];

    public Descriptor? Stdin { get; private set; }

    public Descriptor? Terminal { get; private set; }

    public List<Descriptor> Outputs { get; } = [];

    public static Stdio Pipes(SpawnCall call, bool stdin)
    {
        var stdio = new Stdio();
        try
        {
            if (stdin)
            {
                var (read, write) = stdio.Pipe();
                call.Duplicate(stdio.Child(read), 0);
                stdio.Stdin = stdio.Own(write);
            }
            else
            {
                call.Open(0, "/dev/null", Libc.ReadOnly);
            }

            for (var target = 1; target <= 2; target++)
            {
                var (read, write) = stdio.Pipe();
                stdio.Outputs.Add(stdio.Own(read));
                call.Duplicate(stdio.Child(write), target);
            }

            return stdio;
        }
        catch
        {
            stdio.Abandon();
            throw;
        }
    }

    /// <summary>Opens a pseudo-terminal of that size; its other side is the user's.</summary>
    /// <remarks>Called as root: the slave must change hands before its user opens it.</remarks>
    public static Stdio PseudoTerminal(SpawnCall call, User user, ushort columns, ushort rows)
    {
        var master = Libc.OpenTerminal(Libc.ReadWrite | Libc.NoControllingTerminal | Libc.CloseOnExec);
        if (master < 0)
        {
            throw LinuxException.Last("posix_openpt");
        }

        var stdio = new Stdio();
        stdio.Terminal = stdio.Own(master);
        try
        {
            int number, unlock = 0;
            Check(Libc.Ioctl(master, GetTerminalNumber, &number), "TIOCGPTN");
            Check(Libc.Ioctl(master, UnlockTerminal, &unlock), "TIOCSPTLCK");
            var slave = $"/dev/pts/{number.ToString(CultureInfo.InvariantCulture)}";
            Check(Libc.ChangeOwner(slave, user.Uid, user.Gid), "chown " + slave);
            Resize(stdio.Terminal, columns, rows);
            stdio.Stdin = stdio.Own(Libc.Duplicate(master));
            stdio.Outputs.Add(stdio.Own(Libc.Duplicate(master)));
            call.Open(0, slave, Libc.ReadWrite);
            call.Duplicate(0, 1);
            call.Duplicate(0, 2);
            return stdio;
        }
        catch
        {
            stdio.Abandon();
            throw;
        }
    }

    public static void Resize(Descriptor terminal, ushort columns, ushort rows)
    {
        var size = stackalloc ushort[4] { rows, columns, 0, 0 };
        Check(Libc.Ioctl(terminal.Value, SetWindowSize, size), "TIOCSWINSZ");
    }

    /// <summary>After a failed start: our ends too.</summary>
    public void Abandon()
    {
        foreach (var descriptor in _ours)
        {
            descriptor.Dispose();
        }

        Dispose();
    }

    /// <summary>After the start: the child has its own copies.</summary>
    public void Dispose()
    {
        foreach (var fd in _childEnds)
        {
            _ = Libc.Close(fd);
        }

        _childEnds.Clear();
    }

    private static void Check(int result, string call)
    {
        if (result < 0)
        {
            throw LinuxException.Last(call);
        }
    }

    private (int Read, int Write) Pipe()
    {
        var ends = stackalloc int[2];
        Check(Libc.Pipe2(ends, Libc.CloseOnExec), "pipe2");
        return (ends[0], ends[1]);
    }

    private int Child(int fd)
    {
        _childEnds.Add(fd);
        return fd;
    }

    private Descriptor Own(int fd)
    {
        if (fd < 0)
        {
            throw LinuxException.Last("dup");
        }

        _ = Libc.Fcntl(fd, 2, 1); // F_SETFD, FD_CLOEXEC: a duplicate does not inherit it
        var descriptor = new Descriptor(fd);
        _ours.Add(descriptor);
        return descriptor;
    }
}
