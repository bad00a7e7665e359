namespace Alcove.Control.Sandboxes;

/// <summary>How a pause, a resume or a snapshot ended.</summary>
public enum ActResult
{
    Done,

    /// <summary>It was running already: nothing was started, its end may have been moved.</summary>
    WasRunning,

    /// <summary>It was paused already.</summary>
    WasPaused,

    /// <summary>The team has no such sandbox, or not in a state in which this could be asked.</summary>
    NotFound,

    /// <summary>It is being killed.</summary>
    Killing,

    /// <summary>Another act is under way that this one cannot wait for.</summary>
    Busy,

    /// <summary>It is being taken up with its memory, and this was to be without.</summary>
    StartsWithMemory,

    /// <summary>The team has as many running sandboxes as it may.</summary>
    NoPlace,

    /// <summary>It has lived as long as it may.</summary>
    UsedUp,

    /// <summary>It could not be done just now; the sandbox is as it was before.</summary>
    Refused,

    /// <summary>The node has no room; the sandbox is as it was before.</summary>
    NoCapacity,

    /// <summary>The node does not answer.</summary>
    NoNode,

    /// <summary>The node did not answer in time.</summary>
    TimedOut,

    /// <summary>It failed; the sandbox is as it was before.</summary>
    Failed,
}

/// <summary>How an act ended, and why; for <see cref="ActResult.Busy"/> the reason is the state.</summary>
[GenerateSerializer]
public sealed record ActOutcome([property: Id(0)] ActResult Result, [property: Id(1)] string? Reason = null)
{
    public static ActOutcome Done { get; } = new(ActResult.Done);

    public static ActOutcome NotFound { get; } = new(ActResult.NotFound);
}

/// <summary>Who asks for a sandbox to run.</summary>
public enum WakeManner
{
    /// <summary>A running one is kept running for at least that long.</summary>
    Connect,

    /// <summary>A running one is refused.</summary>
    Resume,

    /// <summary>Only one that allows it, and only with its memory.</summary>
    Traffic,
}

/// <summary>What a paused sandbox shall be taken up for.</summary>
/// <param name="TeamId">Whose it must be.</param>
/// <param name="Manner">Who asks.</param>
/// <param name="Timeout">How long it shall run.</param>
/// <param name="LongestLife">How long the team may keep it.</param>
/// <param name="Limit">How many the team may have running.</param>
/// <param name="WithMemory">Whether its processes shall go on, where they were kept.</param>
/// <param name="AutoPause">Pause at its end from now on; null leaves that as it is.</param>
[GenerateSerializer]
public sealed record WakeRequest(
    [property: Id(0)] Guid TeamId,
    [property: Id(1)] WakeManner Manner,
    [property: Id(2)] TimeSpan Timeout,
    [property: Id(3)] TimeSpan LongestLife,
    [property: Id(4)] int Limit,
    [property: Id(5)] bool WithMemory = true,
    [property: Id(6)] bool? AutoPause = null);
