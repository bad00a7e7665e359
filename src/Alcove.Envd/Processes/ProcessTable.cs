using System.Collections.Concurrent;
using Alcove.Connect;
using Alcove.Envd.Hosting;
using Alcove.Protocol.Processes;

namespace Alcove.Envd.Processes;

/// <summary>The processes that were started over the API: those that live, and for a while those that have ended.</summary>
internal sealed class ProcessTable(TimeProvider time)
{
    /// <summary>How long an ended process can still be connected to, for its exit code.</summary>
    public static readonly TimeSpan Retention = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<int, ManagedProcess> _processes = new();

    public IEnumerable<ManagedProcess> Living => _processes.Values.Where(process => !process.Ended);

    /// <summary>Adds a process that has just been started and follows it to its end. An ended one with its pid or tag gives way.</summary>
    public void Add(ManagedProcess process, TimeSpan? lifetime)
    {
        foreach (var (pid, other) in _processes)
        {
            if (other.Ended && process.Info.HasTag && other.Info.HasTag && other.Info.Tag == process.Info.Tag)
            {
                _processes.TryRemove(new(pid, other));
            }
        }

        _processes[process.Pid] = process;
        _ = FollowAsync(process, lifetime);
    }

    /// <exception cref="ConnectException">Nothing matches, or nothing is selected.</exception>
    public ManagedProcess Find(ProcessSelector? selector) => selector?.SelectorCase switch
    {
        ProcessSelector.SelectorOneofCase.Pid => _processes.GetValueOrDefault((int)selector.Pid)
            ?? throw new ConnectException(ConnectCode.NotFound, $"process with pid {selector.Pid} not found"),
        ProcessSelector.SelectorOneofCase.Tag => Tagged(selector.Tag)
            ?? throw new ConnectException(ConnectCode.NotFound, $"process with tag {selector.Tag} not found"),
        _ => throw new ConnectException(ConnectCode.Unimplemented, "invalid input type: neither pid nor tag is set"),
    };

    /// <exception cref="ConnectException">Nothing that still runs matches.</exception>
    public ManagedProcess FindLiving(ProcessSelector? selector)
    {
        var process = Find(selector);
        return process.Ended ? throw new ConnectException(ConnectCode.NotFound, $"process with pid {process.Pid} not found") : process;
    }

    /// <summary>One that lives before one that has ended.</summary>
    private ManagedProcess? Tagged(string tag) =>
        _processes.Values.Where(process => process.Info.HasTag && process.Info.Tag == tag).OrderBy(process => process.Ended).FirstOrDefault();

    private async Task FollowAsync(ManagedProcess process, TimeSpan? lifetime)
    {
        try
        {
            await process.RunAsync(lifetime, time);
            await Task.Delay(Retention, time);
        }
        catch (Exception e)
        {
            DaemonLog.Write($"process {process.Pid}: {e}");
        }
        finally
        {
            _processes.TryRemove(new(process.Pid, process));
        }
    }
}
