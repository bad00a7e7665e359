using Alcove.Runtime.Cgroups;

namespace Alcove.Runtime.Crun;

/// <summary>What criu takes long to find, or finds without saying whose it is: looked for before it is called.</summary>
internal static class Obstacles
{
    /// <param name="threads">The host's numbers of all threads of a sandbox that stands still.</param>
    /// <exception cref="RuntimeException">There is one: with the process and the reason.</exception>
    public static void Check(IReadOnlyCollection<string> threads)
    {
        var statuses = threads.Select(ProcessStatus.Of).OfType<ProcessStatus>().ToArray();

        // criu traces what it dumps, and a thread has one tracer: it would try for seconds, with everything standing still.
        foreach (var traced in statuses.Where(status => status.Tracer is not null))
        {
            throw Refused(traced.Process, $"it is being traced{(ProcessStatus.Of(traced.Tracer!) is { } debugger ? $" by {debugger}" : string.Empty)}");
        }

        // A process has the number of its first thread; one that has ended is not listed, and stays while others go on.
        foreach (var headless in statuses.Select(status => status.Process).Except(threads))
        {
            throw Refused(headless, "its first thread has ended while others go on, which cannot be written down");
        }
    }

    private static RuntimeException Refused(string process, string reason) =>
        new(RuntimeFailure.CannotCapture, $"process {ProcessStatus.Of(process)?.ToString() ?? process}: {reason}");
}
