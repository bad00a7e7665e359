using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Alcove.Protocol.Sandboxes;

/// <summary>The name of a sandbox: <c>i</c> and 20 characters of <c>[a-z0-9]</c> when made here; any <c>[a-z0-9]+</c> is accepted.</summary>
/// <remarks>It is the first part of a DNS label (<c>49983-&lt;id&gt;.&lt;domain&gt;</c>), hence no dashes and no capitals.</remarks>
public readonly record struct SandboxId
{
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";

    private static readonly SearchValues<char> AlphabetValues = SearchValues.Create(Alphabet);

    /// <summary>Longest accepted id: a DNS label of 63 characters less the longest port and its dash.</summary>
    private const int MaximumLength = 57;

    private readonly string? _value;

    private SandboxId(string value) => _value = value;

    public string Value => _value ?? string.Empty;

    public static SandboxId New() => new("i" + RandomNumberGenerator.GetString(Alphabet, 20));

    /// <summary>Parses an id as it stands in a path: <c>&lt;id&gt;</c> or, from older clients, <c>&lt;id&gt;-&lt;clientID&gt;</c>, whose end is dropped.</summary>
    public static bool TryParseWithSuffix(string? text, out SandboxId id)
    {
        id = default;
        if (text is null)
        {
            return false;
        }

        var dash = text.IndexOf('-');
        if (dash < 0)
        {
            return TryParse(text, out id);
        }

        return IsWord(text.AsSpan(dash + 1)) && TryParse(text[..dash], out id);
    }

    public static bool TryParse([NotNullWhen(true)] string? text, out SandboxId id)
    {
        id = default;
        if (text is null || text.Length > MaximumLength || !IsWord(text))
        {
            return false;
        }

        id = new SandboxId(text);
        return true;
    }

    /// <exception cref="FormatException">The text is no sandbox id.</exception>
    public static SandboxId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is not a sandbox id");

    public override string ToString() => Value;

    private static bool IsWord(ReadOnlySpan<char> text) => text.Length > 0 && !text.ContainsAnyExcept(AlphabetValues);
}
