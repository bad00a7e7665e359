using System.Collections.Concurrent;
using Alcove.Envd.Hosting;
using Alcove.Envd.Linux;

namespace Alcove.Envd.Processes;

/// <summary>
/// Starts processes as other users without a fork in managed code: one dedicated thread takes on the user's credentials and working
/// directory (which its clone of the file system state keeps to itself), calls posix_spawn, and becomes root again.
/// </summary>
internal sealed class Spawner(Reaper reaper)
{
    private const int CloneFileSystem = 0x200;

    private readonly BlockingCollection<Work> _queue = [];

    public void Start() => LastingThread.Start("spawner", 512 * 1024, Run);

    /// <exception cref="SpawnException">It could not be started: the message says why.</exception>
    public Task<SpawnedProcess> StartAsync(SpawnRequest request)
    {
        var work = new Work(request);
        _queue.Add(work);
        return work.Done.Task;
    }

    private void Run()
    {
        _ = Libc.Unshare(CloneFileSystem);
        Credentials.TakeOrdinaryPriority();
        foreach (var work in _queue.GetConsumingEnumerable())
        {
            try
            {
                work.Done.SetResult(Spawn(work.Request));
            }
            catch (Exception e)
            {
                work.Done.SetException(e is SpawnException ? e : new SpawnException(e.Message));
            }
        }
    }

    /// <summary>1. terminal (as root). 2. become the user. 3. pipes, working directory. 4. spawn. 5. root again, and the daemon's own score.</summary>
    private SpawnedProcess Spawn(SpawnRequest request)
    {
        using var call = new SpawnCall();
        var stdio = request.Terminal is { } size ? Stdio.PseudoTerminal(call, request.User, size.Columns, size.Rows) : null;
        var switched = request.User.Uid != 0 || Environment.IsPrivilegedProcess;
        try
        {
            OutOfMemoryScore.TakeOnThatOfUsers();
            if (switched)
            {
                Credentials.Become(request.User);
            }

            stdio ??= Stdio.Pipes(call, request.Stdin);
            EnterDirectory(request);
            var (pid, exit) = reaper.StartChild(() => Execute(call, request));
            stdio.Dispose();
            return new SpawnedProcess(pid, exit, stdio.Stdin, stdio.Outputs, stdio.Terminal);
        }
        catch
        {
            stdio?.Abandon();
            throw;
        }
        finally
        {
            if (switched)
            {
                Credentials.BecomeRoot();
            }

            OutOfMemoryScore.Restore();
        }
    }

    private static void EnterDirectory(SpawnRequest request)
    {
        if (Libc.ChangeDirectory(request.WorkingDirectory) < 0)
        {
            throw new SpawnException($"{Describe(request)}: chdir {request.WorkingDirectory}: {Errno.Describe(Errno.Last)}");
        }
    }

    /// <summary>Tries each place the command may be; a file that is no program goes to /bin/sh, as execvp does; none: a process that says so.</summary>
    private static int Execute(SpawnCall call, SpawnRequest request)
    {
        var environment = request.Environment.Select(pair => $"{pair.Key}={pair.Value}").ToArray();
        var failure = Errno.NoEntry;
        foreach (var path in Executable.Candidates(request.Command, request.Environment))
        {
            var error = call.Run(path, [request.Command, .. request.Arguments], environment, out var pid);
            if (error == Errno.ExecFormat)
            {
                error = call.Run("/bin/sh", ["/bin/sh", path, .. request.Arguments], environment, out pid);
            }

            if (error == 0)
            {
                return pid;
            }

            failure = error == Errno.NoEntry ? failure : error;
            if (!Executable.MayTryNext(error))
            {
                break;
            }
        }

        return Executable.MayTryNext(failure) ? Refuse(call, request, failure) : throw Failed(request, failure);
    }

    /// <summary>The command cannot be found or run: a process that says so and exits 127 or 126, which is what a shell's caller expects.</summary>
    private static int Refuse(SpawnCall call, SpawnRequest request, int failure)
    {
        var code = failure == Errno.AccessDenied ? "126" : "127";
        var error = call.Run(Refusal.Program, [Refusal.Program, Refusal.Verb, code, $"{request.Command}: {Errno.Describe(failure)}"], [], out var pid);
        return error == 0 ? pid : throw Failed(request, failure);
    }

    private static SpawnException Failed(SpawnRequest request, int error) => new(
        $"{Describe(request)}: {Errno.Describe(error)}" + error switch
        {
            Errno.Again => " (the sandbox's limit of processes is reached)",
            Errno.NoMemory => " (the sandbox's limit of memory is reached)",
            _ => string.Empty,
        });

    private static string Describe(SpawnRequest request) => request.Terminal is null
        ? $"error starting process '{string.Join(' ', (string[])[request.Command, .. request.Arguments])}'"
        : $"error starting pty with command '{string.Join(' ', (string[])[request.Command, .. request.Arguments])}'";

    private sealed record Work(SpawnRequest Request)
    {
        public TaskCompletionSource<SpawnedProcess> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
