namespace Alcove.Connect.Framing;

/// <summary>The first byte of an envelope.</summary>
[Flags]
internal enum EnvelopeFlags : byte
{
    None = 0,
    Compressed = 1,

    /// <summary>The last envelope of an answer: its payload is JSON, whatever the codec.</summary>
    EndOfStream = 2,
}
