using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Alcove.Tests.Server.Schema;

/// <summary>Compares answers with what <c>answers.json</c> says of them.</summary>
internal static partial class Described
{
    private static readonly JsonObject Types = Load();

    /// <summary>What is wrong with an answer, each with its path; empty when it is as described.</summary>
    /// <param name="answer">What came.</param>
    /// <param name="type">A type of the description, with [] behind it for a list; or <c>map of …</c>.</param>
    public static IReadOnlyList<string> Faults(JsonNode? answer, string type) => [.. FaultsAt("$", answer, type)];

    private static IEnumerable<string> FaultsAt(string path, JsonNode? value, string type)
    {
        const string OrNull = " or null";
        if (value is null)
        {
            return type.EndsWith(OrNull, StringComparison.Ordinal) ? [] : [$"{path} is null"];
        }

        type = type.EndsWith(OrNull, StringComparison.Ordinal) ? type[..^OrNull.Length] : type;
        return type switch
        {
            _ when type.EndsWith("[]", StringComparison.Ordinal) => value is JsonArray list
                ? list.SelectMany((item, index) => FaultsAt($"{path}[{index}]", item, type[..^2]))
                : [$"{path} is no list"],
            _ when type.StartsWith("map of ", StringComparison.Ordinal) => value is JsonObject map
                ? map.SelectMany(pair => FaultsAt($"{path}.{pair.Key}", pair.Value, type["map of ".Length..]))
                : [$"{path} is no object"],
            _ when Types[type] is JsonObject fields => value is JsonObject given ? FieldFaults(path, given, fields) : [$"{path} is no object"],
            _ => IsWord(value, type) ? [] : [$"{path} is not {type}: {value.ToJsonString()}"],
        };
    }

    private static IEnumerable<string> FieldFaults(string path, JsonObject given, JsonObject fields)
    {
        var known = fields.ToDictionary(field => field.Key.TrimEnd('?'), field => (IsOptional: field.Key.EndsWith('?'), Type: (string)field.Value!));
        foreach (var (name, (isOptional, type)) in known)
        {
            if (given.ContainsKey(name))
            {
                foreach (var fault in FaultsAt($"{path}.{name}", given[name], type))
                {
                    yield return fault;
                }
            }
            else if (!isOptional)
            {
                yield return $"{path}.{name} is missing";
            }
        }

        foreach (var (name, _) in given.Where(pair => !known.ContainsKey(pair.Key)))
        {
            yield return $"{path}.{name} is not described";
        }
    }

    private static bool IsWord(JsonNode value, string type)
    {
        var kind = value.GetValueKind();
        if (type.StartsWith("one of ", StringComparison.Ordinal))
        {
            return kind == JsonValueKind.String && type["one of ".Length..].Split(", ").Contains((string)value!);
        }

        if (NumberPattern().Match(type) is { Success: true } number)
        {
            var (least, most) = (number.Groups[2].Success ? long.Parse(number.Groups[2].Value, CultureInfo.InvariantCulture) : long.MinValue, number.Groups[1].Value == "32" ? int.MaxValue : long.MaxValue);
            return kind == JsonValueKind.Number && long.TryParse(value.ToJsonString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) && whole >= least && whole <= most;
        }

        return type switch
        {
            "text" => kind == JsonValueKind.String,
            "bool" => kind is JsonValueKind.True or JsonValueKind.False,
            "number" => kind == JsonValueKind.Number,
            "uuid" => kind == JsonValueKind.String && Guid.TryParseExact((string)value!, "D", out _),
            "version" => kind == JsonValueKind.String && VersionPattern().IsMatch((string)value!),
            "time" => kind == JsonValueKind.String && TimePattern().IsMatch((string)value!),
            _ => throw new ArgumentException($"answers.json has no type '{type}'"),
        };
    }

    private static JsonObject Load()
    {
        using var file = typeof(Described).Assembly.GetManifestResourceStream("answers.json")!;
        return JsonNode.Parse(file)!["types"]!.AsObject();
    }

    [GeneratedRegex(@"^int(32|64)(?: from (\d+))?\z")]
    private static partial Regex NumberPattern();

    [GeneratedRegex(@"^\d+\.\d+\.\d+\z")]
    private static partial Regex VersionPattern();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)\z")]
    private static partial Regex TimePattern();
}
