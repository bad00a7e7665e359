namespace Alcove.Runtime.Cgroups;

/// <summary>Stops all processes of a sandbox at one instant, such that criu can seize every one of them.</summary>
internal sealed class Freezer(CgroupLayout cgroups, TimeProvider time)
{
    private const int Attempts = 500;
    private const int Looks = 3;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(1);

    /// <remarks>The parent of a vfork(2) in flight can never be seized: where there is one, or the group does not stop at once, it goes on for a moment and is stopped again.</remarks>
    /// <exception cref="RuntimeException">There was no instant without one.</exception>
    public async Task FreezeAsync(string id)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            cgroups.Freeze(id);
            if (await StandsAsync(id) && !cgroups.Threads(id).Any(ForksJustNow))
            {
                return;
            }

            cgroups.Thaw(id);
            await Task.Delay(TimeSpan.FromMicroseconds(Random.Shared.Next(500, 5000)), time);
        }

        throw new RuntimeException(RuntimeFailure.CannotCapture, "its processes start others without a pause and could not be stopped");
    }

    private async Task<bool> StandsAsync(string id)
    {
        for (var look = 0; look < Looks; look++)
        {
            if (cgroups.IsFrozen(id))
            {
                return true;
            }

            await Task.Delay(Look, time);
        }

        return cgroups.IsFrozen(id);
    }

    private static bool ForksJustNow(string thread) => WaitChannel.Of(thread) is { } channel
        && (channel.Contains("kernel_clone", StringComparison.Ordinal) || channel.Contains("vfork", StringComparison.Ordinal));
}
