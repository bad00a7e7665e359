using Google.Protobuf.Reflection;

namespace Alcove.Connect.Codecs;

internal static class WellKnown
{
    /// <summary>Whether the message is one of protobuf's own (<c>Timestamp</c> …), which have a JSON form of their own.</summary>
    public static bool Is(MessageDescriptor type) => type.File.Package == "google.protobuf";
}
