using Alcove.Control.Templates;
using CsCheck;
using Xunit;

namespace Alcove.Tests.Control;

/// <summary>How templates may be named.</summary>
public sealed class TemplateReferenceTests
{
    private const string Letters = "abcxyz0189-_";
    private static readonly Gen<string> Name = Gen.String[Gen.Char[Letters], 1, 20];
    private static readonly Gen<string> Tag = Gen.String[Gen.Char[Letters + "."], 1, 20];

    [Fact]
    public void Parse_OfAnyGoodReference_FindsItsPartsInLowerCase() => Gen.Select(Name.Null(), Name, Tag.Null(), Gen.String[Gen.Char[" \t\n"], 0, 2]).Sample((space, alias, tag, blank) =>
    {
        var text = $"{blank}{(space is null ? "" : space + "/")}{alias}{(tag is null ? "" : ":" + tag)}{blank}";
        var expected = new TemplateReference(space, alias, tag == TemplateReference.DefaultTag ? null : tag);
        Assert.Equal((expected, null), TemplateReference.Parse(text));
        Assert.Equal((expected, null), TemplateReference.Parse(text.ToUpperInvariant()));
    });

    [Fact]
    public void Parse_OfAnyText_IsAReferenceOfTheGrammarOrRefused() => Gen.String[Gen.OneOf(Gen.Char[Letters + "/:."], Gen.Char["\n\0 %ü\\AZ"]), 0, 12].Sample(text =>
    {
        var (reference, error) = TemplateReference.Parse(text);
        Assert.NotEqual(reference is null, error is null);
        if (reference is not null)
        {
            Assert.All((reference.Namespace ?? "a") + reference.Alias, letter => Assert.True(char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter is '-' or '_'));
            Assert.All(reference.Tag ?? "a", letter => Assert.True(char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter is '-' or '_' or '.'));
            Assert.NotEqual(TemplateReference.DefaultTag, reference.Tag);
        }
    });

    [Theory]
    [InlineData("")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a/b/c")]
    [InlineData("a:")]
    [InlineData("a:b:c")]
    [InlineData("a:b/c")]
    [InlineData("a\n:b")]
    [InlineData("a\n/b")]
    public void Parse_OfWhatIsNone_SaysSo(string text) => Assert.NotNull(TemplateReference.Parse(text).Error);
}
