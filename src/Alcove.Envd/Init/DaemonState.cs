namespace Alcove.Envd.Init;

/// <summary>What <c>/init</c> sets and everything else reads: an immutable snapshot, swapped whole.</summary>
/// <param name="AccessToken">Null: every path is open.</param>
/// <param name="DefaultUser">Who a request is for that names nobody.</param>
/// <param name="DefaultWorkdir">Where an empty path leads; null when never set.</param>
/// <param name="EnvVars">Global environment variables from <c>/init</c>, without the daemon's own.</param>
internal sealed record DaemonState(string? AccessToken, string DefaultUser, string? DefaultWorkdir, IReadOnlyDictionary<string, string> EnvVars)
{
    public static DaemonState Initial { get; } = new(null, "root", null, new Dictionary<string, string>());
}

/// <summary>Holds the current <see cref="DaemonState"/>.</summary>
internal sealed class DaemonStateHolder
{
    private DaemonState _current = DaemonState.Initial;

    public DaemonState Current
    {
        get => Volatile.Read(ref _current);
        set => Volatile.Write(ref _current, value);
    }
}
