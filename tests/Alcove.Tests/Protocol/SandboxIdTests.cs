using Alcove.Protocol.Sandboxes;
using CsCheck;
using Xunit;

namespace Alcove.Tests.Protocol;

/// <summary>Names of sandboxes, with and without what older clients put behind them.</summary>
public sealed class SandboxIdTests
{
    private static readonly Gen<string> Word = Gen.String[Gen.Char["abcxyz0189"], 1, 40];

    [Fact]
    public void New_Ids_AreOfTheirShapeAndAllDifferent()
    {
        var ids = Enumerable.Range(0, 1000).Select(_ => SandboxId.New().Value).ToArray();
        Assert.All(ids, id => Assert.Matches(@"^i[a-z0-9]{20}\z", id));
        Assert.Equal(ids.Length, ids.Distinct().Count());
    }

    [Fact]
    public void Parse_WithASuffix_DropsIt() => Gen.Select(Word, Word).Sample((id, client) =>
    {
        Assert.True(SandboxId.TryParseWithSuffix(id, out var plain));
        Assert.True(SandboxId.TryParseWithSuffix($"{id}-{client}", out var suffixed));
        Assert.Equal((id, plain), (plain.Value, suffixed));
        Assert.False(SandboxId.TryParse($"{id}-{client}", out _));
        Assert.False(SandboxId.TryParseWithSuffix($"{id}-{client}-{client}", out _));
        Assert.False(SandboxId.TryParseWithSuffix($"{id}-", out _));
        Assert.False(SandboxId.TryParseWithSuffix($"-{id}", out _));
    });

    [Fact]
    public void Parse_OfAnyText_IsAWordOrNothing() => Gen.String[Gen.OneOf(Gen.Char["az09-"], Gen.Char["AZ_.\n\0 é"]), 0, 70].Sample(text =>
    {
        if (SandboxId.TryParse(text, out var id))
        {
            Assert.Matches(@"^[a-z0-9]{1,57}\z", text);
            Assert.Equal(text, id.Value);
        }
        else
        {
            Assert.DoesNotMatch(@"^[a-z0-9]{1,57}\z", text);
        }
    });
}
