namespace Alcove.Server.Edge;

/// <summary>How a request names its target: well, badly, or not at all.</summary>
internal readonly record struct Addressing
{
    private Addressing(TrafficTarget? target, string? refusal) => (Target, Refusal) = (target, refusal);

    public TrafficTarget? Target { get; }

    /// <summary>What to answer with status 400 when there is no target.</summary>
    public string? Refusal { get; }

    public static Addressing At(TrafficTarget target) => new(target, null);

    public static Addressing InvalidHost { get; } = new(null, "Invalid host");

    public static Addressing InvalidSandboxId { get; } = new(null, "Invalid sandbox ID");

    public static Addressing InvalidSandboxPort { get; } = new(null, "Invalid sandbox port");

    public static Addressing MissingHeader { get; } = new(null, "missing header");
}
