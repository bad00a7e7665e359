using Alcove.Control.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Alcove.Control.Sandboxes;

/// <summary>Removes sandboxes that have been paused for longer than is wanted. Without a limit they are kept until somebody kills them.</summary>
public sealed partial class Retention(TimeSpan? limit, Database database, IGrainFactory grains, TimeProvider time, ILogger<Retention> logger) : BackgroundService
{
    private const int Batch = 100;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    /// <summary>One round: every sandbox whose pause has lasted too long is told so.</summary>
    public async Task SweepAsync(TimeSpan longest, CancellationToken cancellationToken)
    {
        var before = time.GetUtcNow() - longest;
        await using var db = database.Open();
        var due = await db.Sandboxes.AsNoTracking()
            .Where(row => row.Status == SandboxStatus.Paused && row.EndAt < before)
            .OrderBy(row => row.EndAt).Take(Batch)
            .Select(row => row.Id)
            .ToListAsync(cancellationToken);
        foreach (var id in due)
        {
            Retired(logger, id);
            await grains.GetGrain<ISandboxGrain>(id).RetireAsync(before);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (limit is not { } longest)
        {
            return;
        }

        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            try
            {
                await SweepAsync(longest, stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                SweepFailed(logger, e);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Sandbox {SandboxId} has been paused for longer than sandboxes are kept")]
    private static partial void Retired(ILogger logger, string sandboxId);

    [LoggerMessage(Level = LogLevel.Error, Message = "A sweep for sandboxes paused for long failed")]
    private static partial void SweepFailed(ILogger logger, Exception exception);
}
