using System.Security.Cryptography;
using System.Text;
using Alcove.Control.Routing;
using Alcove.Control.Sandboxes;
using Alcove.Control.Storage;
using Alcove.Protocol.Sandboxes;
using Microsoft.EntityFrameworkCore;

namespace Alcove.Server.Edge;

/// <summary>What the edge does with a request for a sandbox that has no route.</summary>
internal interface ISandboxWaker
{
    /// <returns>The route, or why there is none: one of the two.</returns>
    Task<(SandboxRoute? Route, Refusal? Refusal)> WakeAsync(TrafficTarget target, IHeaderDictionary headers);
}

/// <summary>Wakes a paused sandbox whose owner allows it, for a request that could talk to it if it ran. The request waits meanwhile.</summary>
internal sealed class SandboxWaker(Database database, SandboxDirectory sandboxes, SandboxTokens tokens, RouteTable routes) : ISandboxWaker
{
    private const string DaemonTokenHeader = "X-Access-Token";

    /// <summary>Traffic wakes a sandbox for at least that long, whatever its creator said.</summary>
    private static readonly TimeSpan ShortestTimeout = TimeSpan.FromSeconds(300);

    public async Task<(SandboxRoute? Route, Refusal? Refusal)> WakeAsync(TrafficTarget target, IHeaderDictionary headers)
    {
        var (row, team) = await FindAsync(target.Id);
        if (row is not { AutoResume: true } || team is null || row.Status is SandboxStatus.Starting or SandboxStatus.Killing)
        {
            return (null, Refusal.NotFound(target.Id));
        }

        if (team.IsBlocked || team.IsBanned)
        {
            return (null, Refusal.TeamBlocked(target.Id));
        }

        if (CheckTokens(row, target, headers) is { } refusal)
        {
            return (null, refusal);
        }

        var outcome = await sandboxes.WakeAsync(target.Id, Request(row, team));
        return outcome.Result switch
        {
            ActResult.Done or ActResult.WasRunning => routes.Find(target.Id) is { } route ? (route, null) : (null, Refusal.NotFound(target.Id)),
            ActResult.NoPlace => (null, Refusal.TooManySandboxes(target.Id, team.ConcurrentSandboxes)),
            ActResult.Busy => (null, Refusal.Transitioning(target.Id)),
            _ => (null, Refusal.NotFound(target.Id)),
        };
    }

    private async Task<(SandboxRow? Row, TeamRow? Team)> FindAsync(SandboxId id)
    {
        await using var db = database.Open();
        var row = await db.Sandboxes.AsNoTracking().FirstOrDefaultAsync(row => row.Id == id.Value);
        return row is null ? (null, null) : (row, await db.Teams.AsNoTracking().FirstOrDefaultAsync(team => team.Id == row.TeamId));
    }

    /// <summary>A request that the sandbox would refuse does not wake it: not even one for its health or with a signed URL.</summary>
    private Refusal? CheckTokens(SandboxRow row, TrafficTarget target, IHeaderDictionary headers)
    {
        if (target.IsDaemon)
        {
            return row.IsSecured && !AreEqual(headers[DaemonTokenHeader].ToString(), tokens.Envd(target.Id)) ? Refusal.CannotResume(target.Id) : null;
        }

        if (row.AllowPublicTraffic)
        {
            return null;
        }

        var given = headers[TrafficToken.Header].ToString();
        return given.Length == 0 ? Refusal.TokenMissing(target.Id) : AreEqual(given, tokens.Traffic(target.Id)) ? null : Refusal.CannotResume(target.Id);
    }

    private static WakeRequest Request(SandboxRow row, TeamRow team)
    {
        var (longest, wanted) = (TimeSpan.FromHours(team.MaxSandboxHours), TimeSpan.FromSeconds(row.TimeoutSeconds));
        var timeout = wanted < longest ? wanted : longest;
        return new WakeRequest(team.Id, WakeManner.Traffic, timeout > ShortestTimeout ? timeout : ShortestTimeout, longest, team.ConcurrentSandboxes);
    }

    private static bool AreEqual(string given, string expected) => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(expected));
}
