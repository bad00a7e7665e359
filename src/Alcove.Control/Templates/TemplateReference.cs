using System.Text.RegularExpressions;

namespace Alcove.Control.Templates;

/// <summary>How a template is named: <c>[namespace/]alias[:tag]</c>, in lower case.</summary>
/// <param name="Namespace">A team's slug; null for one's own, then everybody's.</param>
/// <param name="Alias">A name, or a template's id.</param>
/// <param name="Tag">Null for the default one.</param>
public sealed partial record TemplateReference(string? Namespace, string Alias, string? Tag)
{
    public const string DefaultTag = "default";

    /// <returns>The reference, or what is wrong with the text.</returns>
    public static (TemplateReference? Reference, string? Error) Parse(string text)
    {
        var rest = text.Trim().ToLowerInvariant();
        string? tag = null;
        if (rest.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon)
        {
            (rest, tag) = (rest[..colon], rest[(colon + 1)..]);
            if (!TagPattern().IsMatch(tag))
            {
                return (null, $"tag '{tag}' must consist of letters, digits, '-', '_' and '.'");
            }
        }

        var parts = rest.Split('/');
        if (parts.Length > 2 || !parts.All(part => NamePattern().IsMatch(part)))
        {
            return (null, $"'{rest}' must be [namespace/]alias of letters, digits, '-' and '_'");
        }

        return (new TemplateReference(parts.Length == 2 ? parts[0] : null, parts[^1], tag is DefaultTag ? null : tag), null);
    }

    [GeneratedRegex(@"^[a-z0-9-_]+\z")]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"^[a-z0-9-_.]+\z")]
    private static partial Regex TagPattern();
}
