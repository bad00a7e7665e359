using Alcove.Runtime;
using Alcove.Runtime.Crun;

namespace Alcove.Node.Sandboxes;

/// <summary>When a server last called.</summary>
internal sealed class ServerContact(TimeProvider time)
{
    private long _last = time.GetTimestamp();

    public void Note() => Volatile.Write(ref _last, time.GetTimestamp());

    public TimeSpan Silence => time.GetElapsedTime(Volatile.Read(ref _last));
}

/// <summary>Puts sandboxes away whose time is long up while no server calls: nothing is lost, and nothing runs for ever because a server is gone.</summary>
internal sealed partial class Orphanage(SandboxRuntime runtime, ServerContact contact, TimeSpan patience, TimeProvider time, ILogger<Orphanage> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(patience / 20, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            if (contact.Silence >= patience)
            {
                await PutAsideAsync(stoppingToken);
            }
        }
    }

    private async Task PutAsideAsync(CancellationToken stoppingToken)
    {
        foreach (var run in runtime.EndedBefore(time.GetUtcNow() - patience).ToArray())
        {
            stoppingToken.ThrowIfCancellationRequested();
            try
            {
                await runtime.PutAsideAsync(run.SandboxId, run.Incarnation);
                PutAside(logger, run.SandboxId);
            }
            catch (RuntimeException e)
            {
                Failed(logger, run.SandboxId, e.Message);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Sandbox {SandboxId}: its time is up and no server calls: it is put away")]
    private static partial void PutAside(ILogger logger, string sandboxId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Sandbox {SandboxId}: its time is up and no server calls, but it cannot be put away and runs on: {Reason}")]
    private static partial void Failed(ILogger logger, string sandboxId, string reason);
}
