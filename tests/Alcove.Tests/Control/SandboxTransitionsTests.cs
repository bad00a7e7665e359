using Alcove.Control.Sandboxes;
using Xunit;

namespace Alcove.Tests.Control;

/// <summary>Every pair of states is decided, and these are all that may follow one another.</summary>
public sealed class SandboxTransitionsTests
{
    private static readonly Dictionary<SandboxStatus, SandboxStatus[]> Following = new()
    {
        [SandboxStatus.Starting] = [SandboxStatus.Running, SandboxStatus.Killing],
        [SandboxStatus.Running] = [SandboxStatus.Pausing, SandboxStatus.Snapshotting, SandboxStatus.Paused, SandboxStatus.Killing],
        [SandboxStatus.Snapshotting] = [SandboxStatus.Running, SandboxStatus.Pausing, SandboxStatus.Paused, SandboxStatus.Killing],
        [SandboxStatus.Pausing] = [SandboxStatus.Paused, SandboxStatus.Running, SandboxStatus.Killing],
        [SandboxStatus.Paused] = [SandboxStatus.Resuming, SandboxStatus.Killing],
        [SandboxStatus.Resuming] = [SandboxStatus.Running, SandboxStatus.Paused, SandboxStatus.Killing],
        [SandboxStatus.Killing] = [SandboxStatus.Killed],
        [SandboxStatus.Killed] = [],
    };

    [Fact]
    public void MayMove_EveryPair_IsDecided()
    {
        Assert.Equal(Enum.GetValues<SandboxStatus>().Order(), Following.Keys.Order());
        foreach (var from in Enum.GetValues<SandboxStatus>())
        {
            Assert.Equal(Following[from].Order(), Enum.GetValues<SandboxStatus>().Where(to => SandboxTransitions.MayMove(from, to)));
        }
    }

    [Fact]
    public void MayMove_FromEveryLivingState_LeadsToAKill() =>
        Assert.All(Enum.GetValues<SandboxStatus>().Except([SandboxStatus.Killing, SandboxStatus.Killed]), from => Assert.True(SandboxTransitions.MayMove(from, SandboxStatus.Killing)));
}
