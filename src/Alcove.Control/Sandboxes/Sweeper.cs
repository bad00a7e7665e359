using Alcove.Control.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Alcove.Control.Sandboxes;

/// <summary>Ends sandboxes whose time is up: reads an index over their ends, many times a second, also right after a restart.</summary>
public sealed partial class Sweeper(Database database, IGrainFactory grains, TimeProvider time, ILogger<Sweeper> logger) : BackgroundService
{
    private const int Batch = 200;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(75);

    /// <summary>One round: every sandbox whose end has come is told so.</summary>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var db = database.Open();
        var due = await db.Sandboxes.AsNoTracking()
            .Where(row => row.Status == SandboxStatus.Running && row.EndAt <= now)
            .OrderBy(row => row.EndAt).Take(Batch)
            .Select(row => new { row.Id, row.Incarnation })
            .ToListAsync(cancellationToken);
        foreach (var row in due)
        {
            _ = ExpireAsync(row.Id, row.Incarnation);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            try
            {
                await SweepAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                SweepFailed(logger, e);
            }
        }
    }

    /// <summary>Removing a sandbox takes longer than a round: the next ones find it no longer running.</summary>
    private async Task ExpireAsync(string id, long incarnation)
    {
        try
        {
            await grains.GetGrain<ISandboxGrain>(id).ExpireAsync(incarnation);
        }
        catch (Exception e)
        {
            SweepFailed(logger, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A sweep for ended sandboxes failed")]
    private static partial void SweepFailed(ILogger logger, Exception exception);
}
