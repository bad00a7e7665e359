using Alcove.Control.Storage;
using Alcove.Protocol.Admin;

namespace Alcove.Control.Teams;

/// <summary>What a new team may use: what the seeded one may.</summary>
public static class TeamDefaults
{
    public static TeamLimits Limits { get; } = new(ConcurrentSandboxes: 100, MaxSandboxHours: 24, ConcurrentBuilds: 20, MaxCpuCount: 8, MaxMemoryMiB: 8192, MaxDiskMiB: 25600);

    public static TeamRow NewTeam(Guid id, string name, string slug, DateTimeOffset now) => new()
    {
        Id = id,
        Name = name,
        Slug = slug,
        CreatedAt = now,
        ConcurrentSandboxes = Limits.ConcurrentSandboxes,
        MaxSandboxHours = Limits.MaxSandboxHours,
        ConcurrentBuilds = Limits.ConcurrentBuilds,
        MaxCpuCount = Limits.MaxCpuCount,
        MaxMemoryMiB = Limits.MaxMemoryMiB,
        MaxDiskMiB = Limits.MaxDiskMiB,
    };

    public static TeamLimits LimitsOf(TeamRow team) =>
        new(team.ConcurrentSandboxes, team.MaxSandboxHours, team.ConcurrentBuilds, team.MaxCpuCount, team.MaxMemoryMiB, team.MaxDiskMiB);
}
