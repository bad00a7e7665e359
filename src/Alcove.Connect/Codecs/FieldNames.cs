using System.Collections.Concurrent;
using Google.Protobuf.Reflection;

namespace Alcove.Connect.Codecs;

/// <summary>The fields of a message by every name they may have in JSON: lowerCamelCase, or as written in the .proto file.</summary>
internal static class FieldNames
{
    private static readonly ConcurrentDictionary<MessageDescriptor, Dictionary<string, FieldDescriptor>> ByType = new();

    public static Dictionary<string, FieldDescriptor> Of(MessageDescriptor type) => ByType.GetOrAdd(type, Collect);

    private static Dictionary<string, FieldDescriptor> Collect(MessageDescriptor type)
    {
        var names = new Dictionary<string, FieldDescriptor>(StringComparer.Ordinal);
        foreach (var field in type.Fields.InFieldNumberOrder())
        {
            names[field.Name] = field;
            names[field.JsonName] = field;
        }

        return names;
    }
}
