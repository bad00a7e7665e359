using Microsoft.Net.Http.Headers;

namespace Alcove.Envd.Files;

/// <summary>A stretch of a file.</summary>
internal readonly record struct ByteRange(long Start, long Length)
{
    public string ContentRange(long total) => $"bytes {Start}-{Start + Length - 1}/{total}";
}

/// <summary>What a Range header asks of a file (RFC 9110, 14).</summary>
internal static class ByteRanges
{
    private const int Most = 100;

    /// <returns>Null: all of it (no header, one that is not ours to read, or nothing to take a range of). Empty: nothing that can be given (416).</returns>
    public static List<ByteRange>? Parse(HttpRequest request, long length, DateTimeOffset modified)
    {
        if (length == 0 || !RangeHeaderValue.TryParse(request.Headers.Range.ToString(), out var header) || header.Unit != "bytes" || header.Ranges.Count > Most || !IfRangeHolds(request, modified))
        {
            return null;
        }

        var ranges = new List<ByteRange>();
        foreach (var item in header.Ranges)
        {
            if (Resolve(item, length) is { } range)
            {
                ranges.Add(range);
            }
        }

        // More in pieces than in one: somebody wants to make us work.
        return ranges.Sum(range => range.Length) > length ? null : ranges;
    }

    private static ByteRange? Resolve(RangeItemHeaderValue item, long length)
    {
        if (item.From is { } from)
        {
            return from >= length ? null : new ByteRange(from, Math.Min(item.To ?? (length - 1), length - 1) - from + 1);
        }

        var last = Math.Min(item.To ?? 0, length);
        return last == 0 ? null : new ByteRange(length - last, last);
    }

    private static bool IfRangeHolds(HttpRequest request, DateTimeOffset modified)
    {
        var header = request.Headers.IfRange.ToString();
        return header.Length == 0 || (HeaderUtilities.TryParseDate(header, out var date) && date == modified);
    }
}
