using System.Diagnostics.CodeAnalysis;
using Alcove.Connect.Codecs;
using Microsoft.Net.Http.Headers;

namespace Alcove.Connect.Calls;

/// <summary>What a content type says about a call.</summary>
/// <param name="Codec">How its messages are written.</param>
/// <param name="Streaming">Whether they come in envelopes.</param>
/// <param name="ContentType">The same content type again, for the answer.</param>
internal sealed record CallFormat(MessageCodec Codec, bool Streaming, string ContentType)
{
    private static readonly CallFormat[] All =
    [
        new(MessageCodec.Json, Streaming: false, "application/json"),
        new(MessageCodec.Binary, Streaming: false, "application/proto"),
        new(MessageCodec.Json, Streaming: true, "application/connect+json"),
        new(MessageCodec.Binary, Streaming: true, "application/connect+proto"),
    ];

    /// <summary>Reads a request's content type. A charset other than UTF-8 is none of ours.</summary>
    public static bool TryParse(string? contentType, [NotNullWhen(true)] out CallFormat? format)
    {
        format = null;
        if (!MediaTypeHeaderValue.TryParse(contentType, out var parsed))
        {
            return false;
        }

        var found = Array.Find(All, known => parsed.MediaType.Equals(known.ContentType, StringComparison.OrdinalIgnoreCase));
        format = Charset(parsed) switch
        {
            "" => found,
            "UTF-8" when found is not null => found with { ContentType = found.ContentType + "; charset=utf-8" },
            _ => null,
        };
        return format is not null;
    }

    /// <summary>What a method takes, as <c>Accept-Post</c> lists it.</summary>
    public static string Accepted(bool streaming) =>
        string.Join(", ", All.Where(format => format.Streaming == streaming).Select(format => format.ContentType));

    private static string Charset(MediaTypeHeaderValue parsed) =>
        HeaderUtilities.RemoveQuotes(parsed.Charset).ToString().ToUpperInvariant();
}
