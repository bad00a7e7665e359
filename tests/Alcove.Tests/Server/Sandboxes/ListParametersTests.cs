using Alcove.Server.Errors;
using Alcove.Server.Sandboxes;
using CsCheck;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Alcove.Tests.Server.Sandboxes;

/// <summary>What clients write into a query, whatever it is.</summary>
public sealed class ListParametersTests
{
    private static readonly Gen<DateTimeOffset> Moment = Gen.Long[0, DateTimeOffset.MaxValue.Ticks].Select(ticks => new DateTimeOffset(ticks, TimeSpan.Zero));
    private static readonly Gen<string> Id = Gen.String[Gen.Char["abcxyz0189"], 1, 21];
    private static readonly Gen<string> Word = Gen.String[Gen.OneOf(Gen.Char[' ', '~'], Gen.Char['\0', '\ud7ff']), 0, 12];

    [Fact]
    public void Cursor_OfAnyRow_ComesBack_InItsOwnOrderAlone() => Gen.Select(Moment, Id, Gen.Bool).Sample((startedAt, id, ascending) =>
    {
        var token = ListParameters.Token(ascending, startedAt, id);
        Assert.Matches("^[A-Za-z0-9_=-]+$", token);
        Assert.Equal((startedAt, id), ListParameters.Cursor(Request("nextToken", token), ascending));
        Assert.Equal("Invalid next token", Assert.Throws<ApiException>(() => ListParameters.Cursor(Request("nextToken", token), !ascending)).Message);
    });

    [Fact]
    public void Cursor_OfAnyText_IsACursorOrRefused() => Gen.OneOf(Word, Gen.String[Gen.Char["ABCDwxyz0189-_="], 1, 60]).Where(text => text.Length > 0).Sample(text =>
    {
        try
        {
            ListParameters.Cursor(Request("nextToken", text), ascending: false);
        }
        catch (ApiException e)
        {
            Assert.Equal("Invalid next token", e.Message);
        }
    });

    [Fact]
    public void Metadata_EncodedThreeTimes_ComesBack() => Gen.Dictionary(Word, Word)[1, 5].Sample(metadata =>
    {
        // Each word, then the whole as a form has it, then the query's own.
        var inner = string.Join('&', metadata.Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}"));
        foreach (var middle in (string[])[Uri.EscapeDataString(inner), Uri.EscapeDataString(inner).Replace("%20", "+", StringComparison.Ordinal)])
        {
            Assert.Equal(metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal), ListParameters.Metadata(Request("metadata", middle)).OrderBy(pair => pair.Key, StringComparer.Ordinal));
        }
    });

    [Fact]
    public void Metadata_OfAnyText_IsPairsOrRefused() => Gen.String[Gen.Char["ab%=&+25G "], 1, 20].Sample(text =>
    {
        try
        {
            ListParameters.Metadata(Request("metadata", text));
        }
        catch (ApiException e)
        {
            Assert.StartsWith("Error parsing metadata: ", e.Message, StringComparison.Ordinal);
            Assert.Equal(400, e.Error.Code);
        }
    });

    private static HttpRequest Request(string name, string value) => new DefaultHttpContext { Request = { QueryString = QueryString.Create(name, value) } }.Request;
}
