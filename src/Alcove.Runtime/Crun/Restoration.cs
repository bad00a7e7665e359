namespace Alcove.Runtime.Crun;

/// <summary>What a run shall be taken up from.</summary>
/// <param name="CaptureId">The capture.</param>
/// <param name="WithMemory">Its processes go on; otherwise it is started anew over its disk.</param>
public sealed record Restoration(string CaptureId, bool WithMemory);
