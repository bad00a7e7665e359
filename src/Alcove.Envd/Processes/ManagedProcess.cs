using Alcove.Connect;
using Alcove.Envd.Hosting;
using Alcove.Envd.Linux;
using Alcove.Envd.Metrics;
using Alcove.Protocol.Processes;
using Google.Protobuf;

namespace Alcove.Envd.Processes;

/// <summary>A process that was started over the API: its output goes to whoever listens, its end to everybody.</summary>
internal sealed class ManagedProcess(SpawnedProcess spawned, ProcessInfo info, bool hasTerminal, OutOfMemoryCount outOfMemory)
{
    private const int PipeChunk = 32 * 1024;
    private const int TerminalChunk = 16 * 1024;
    private const int Kill = 9;

    private readonly OutputFanout _output = new();
    private readonly CancellationTokenSource _stopWaitingForOutput = new();
    private readonly SemaphoreSlim _stdinTurn = new(1, 1);
    private readonly long _outOfMemoryBefore = outOfMemory.Read();
    private Descriptor? _stdin = spawned.Stdin;
    private ITimer? _lifetime;

    public ProcessInfo Info => info;

    public int Pid => spawned.Pid;

    public OutputFanout.Subscription Subscribe() => _output.Subscribe();

    /// <summary>Whether its end has been told.</summary>
    public bool Ended => _output.End is not null;

    /// <summary>Reads its output until the end and tells it. Completes when the process is gone and everything of it is released.</summary>
    public async Task RunAsync(TimeSpan? lifetime, TimeProvider time)
    {
        if (lifetime is { } span)
        {
            _lifetime = time.CreateTimer(_ => Signal(Kill), state: null, span, Timeout.InfiniteTimeSpan);
        }

        var pumps = spawned.Outputs.Select((output, index) => PumpAsync(output, index)).ToArray();
        var status = ExitStatus.FromWaitStatus(await spawned.Exit);
        await Task.WhenAll(pumps);
        if (_lifetime is not null)
        {
            await _lifetime.DisposeAsync();
        }

        await _output.EndAsync(EndEvent(status));
        Release();
    }

    /// <summary>Sends it a signal; once it has ended after that, what holds its output open (a grandchild) is no longer waited for.</summary>
    /// <returns>0, or an error number.</returns>
    public int Signal(int signal)
    {
        _ = StopWaitingAfterExitAsync();
        return spawned.Exit.IsCompleted ? 0 : Libc.Kill(spawned.Pid, signal) == 0 ? 0 : Errno.Last;
    }

    /// <exception cref="ConnectException">It has no such input.</exception>
    public async Task WriteAsync(ProcessInput input, CancellationToken cancellationToken)
    {
        var data = input.InputCase switch
        {
            ProcessInput.InputOneofCase.Stdin when !hasTerminal => input.Stdin,
            ProcessInput.InputOneofCase.Stdin => throw new ConnectException(ConnectCode.Internal, "error writing to stdin: tty assigned to process — input should be written to the pty, not the stdin"),
            ProcessInput.InputOneofCase.Pty when hasTerminal => input.Pty,
            ProcessInput.InputOneofCase.Pty => throw new ConnectException(ConnectCode.Internal, "error writing to tty: tty not assigned to process"),
            _ => throw new ConnectException(ConnectCode.Unimplemented, "invalid input type: neither stdin nor pty is set"),
        };
        await _stdinTurn.WaitAsync(cancellationToken);
        try
        {
            var stdin = _stdin ?? throw new ConnectException(ConnectCode.Internal, "error writing to stdin: stdin not enabled or closed");
            await stdin.WriteAsync(data.Memory, cancellationToken);
        }
        catch (LinuxException e)
        {
            throw new ConnectException(ConnectCode.Internal, $"error writing to stdin: {e.Message}", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ConnectException(ConnectCode.Internal, "error writing to stdin: the process has ended", e);
        }
        finally
        {
            _stdinTurn.Release();
        }
    }

    /// <exception cref="ConnectException">A terminal has no standard input that could be closed.</exception>
    public async Task CloseStdinAsync(CancellationToken cancellationToken)
    {
        if (hasTerminal)
        {
            throw new ConnectException(ConnectCode.Unknown, "error closing stdin: cannot close stdin for PTY process — send Ctrl+D (0x04) instead");
        }

        await _stdinTurn.WaitAsync(cancellationToken);
        Interlocked.Exchange(ref _stdin, null)?.Dispose();
        _stdinTurn.Release();
    }

    /// <exception cref="ConnectException">It has no terminal.</exception>
    public void Resize(PTY.Types.Size size)
    {
        if (!hasTerminal || spawned.Terminal is null)
        {
            throw new ConnectException(ConnectCode.Internal, "error resizing tty: tty not assigned to process");
        }

        Stdio.Resize(spawned.Terminal, (ushort)size.Cols, (ushort)size.Rows);
    }

    /// <summary>Not before: a process may have much to say between the signal and its end.</summary>
    private async Task StopWaitingAfterExitAsync()
    {
        await spawned.Exit;
        await _stopWaitingForOutput.CancelAsync();
    }

    private async Task PumpAsync(Descriptor source, int index)
    {
        var buffer = new byte[hasTerminal ? TerminalChunk : PipeChunk];
        try
        {
            for (int read; (read = await source.ReadAsync(buffer, _stopWaitingForOutput.Token)) > 0;)
            {
                await _output.SendAsync(DataEvent(buffer.AsSpan(0, read), index));
            }
        }
        catch (OperationCanceledException)
        {
            await DrainAsync(source, buffer, index);
        }
        catch (Exception e)
        {
            // Whatever could have come from it is lost; the process, its other output and its end are not.
            DaemonLog.Write($"output of process {Pid}: {e.Message}");
        }
    }

    /// <summary>What is there when nobody waits any more.</summary>
    private async Task DrainAsync(Descriptor source, byte[] buffer, int index)
    {
        while (source.TryRead(buffer, out var read) && read > 0)
        {
            await _output.SendAsync(DataEvent(buffer.AsSpan(0, read), index));
        }
    }

    private ProcessEvent DataEvent(ReadOnlySpan<byte> data, int index)
    {
        var bytes = ByteString.CopyFrom(data);
        var message = hasTerminal ? new ProcessEvent.Types.DataEvent { Pty = bytes }
            : index == 0 ? new ProcessEvent.Types.DataEvent { Stdout = bytes }
            : new ProcessEvent.Types.DataEvent { Stderr = bytes };
        return new ProcessEvent { Data = message };
    }

    private ProcessEvent EndEvent(ExitStatus status)
    {
        var end = new ProcessEvent.Types.EndEvent { ExitCode = status.ExitCode, Exited = status.Exited, Status = status.Status };
        if (status.Error is { } error)
        {
            end.Error = WasKilledForMemory(status) ? $"{error} (the sandbox ran out of memory)" : error;
        }

        return new ProcessEvent { End = end };
    }

    private bool WasKilledForMemory(ExitStatus status) =>
        status.Status.StartsWith("signal: killed", StringComparison.Ordinal) && outOfMemory.Read() > _outOfMemoryBefore;

    private void Release()
    {
        Interlocked.Exchange(ref _stdin, null)?.Dispose();
        spawned.Terminal?.Dispose();
        foreach (var output in spawned.Outputs)
        {
            output.Dispose();
        }
    }
}
