using Alcove.Runtime.Cgroups;

namespace Alcove.Runtime.Crun;

/// <summary>
/// Helps criu past a process that job control has stopped (Ctrl-Z): frozen on top of that, it keeps criu in <c>ptrace_attach</c> for ever,
/// whatever criu's timeout says. A thaw lets criu go on; what starts processes in that moment can make the dump fail, so that it is tried again.
/// </summary>
internal sealed class DumpWatch(CgroupLayout cgroups, TimeProvider time)
{
    private const int Sightings = 2;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    public async Task FollowAsync(string id, Task dump)
    {
        for (var stuck = 0; !dump.IsCompleted;)
        {
            await Task.WhenAny(dump, Task.Delay(Interval, time));
            stuck = cgroups.ActProcesses(id).Any(Attaches) ? stuck + 1 : 0;
            if (stuck >= Sightings)
            {
                cgroups.Thaw(id);
            }
        }

        await dump;
    }

    private static bool Attaches(string process) => WaitChannel.Of(process)?.Contains("ptrace_attach", StringComparison.Ordinal) == true;
}
