using System.IO.Compression;
using System.Text;
using Alcove.Envd.Filesystem;
using Alcove.Envd.Linux;
using Microsoft.Net.Http.Headers;
using Microsoft.Win32.SafeHandles;

namespace Alcove.Envd.Files;

/// <summary>Sends a file: packed when the client likes that and asks for all of it, otherwise with everything HTTP knows of static files.</summary>
internal static class Download
{
    private const int ChunkSize = 256 * 1024;

    /// <exception cref="FilesException">It is missing, a directory, or cannot be sent as the client wants it.</exception>
    public static async Task SendAsync(HttpContext http, string path)
    {
        var status = Check(path);
        http.Response.Headers.Append(HeaderNames.Vary, "Accept-Encoding");
        var encoding = AcceptedEncoding.Choose(http.Request);
        using var file = OpenFile.ToRead(path);
        http.Response.Headers.ContentDisposition = Disposition(path);
        if (encoding == AcceptedEncoding.Gzip)
        {
            await SendPackedAsync(http, file, path);
        }
        else
        {
            await SendPlainAsync(http, file, path, DateTimeOffset.FromUnixTimeSeconds(status.ModifiedSeconds));
        }
    }

    private static FileStatus Check(string path)
    {
        var status = FileStatus.Read(path, follow: true, out var error);
        return status switch
        {
            null when Errno.IsMissing(error) => throw new FilesException(StatusCodes.Status404NotFound, $"path '{path}' does not exist"),
            null => throw new FilesException(StatusCodes.Status500InternalServerError, $"error checking if path exists '{path}': {Errno.Describe(error)}"),
            { IsDirectory: true } => throw new FilesException(StatusCodes.Status400BadRequest, $"path '{path}' is a directory"),
            { IsRegular: false } => throw new FilesException(StatusCodes.Status400BadRequest, $"path '{path}' is not a regular file"),
            { } found => found,
        };
    }

    private static async Task SendPackedAsync(HttpContext http, SafeFileHandle file, string path)
    {
        http.Response.Headers.ContentEncoding = AcceptedEncoding.Gzip;
        http.Response.ContentType = ContentType.ByEnding(path) ?? ContentType.Unknown;
        await using var packed = new GZipStream(http.Response.Body, CompressionLevel.Fastest, leaveOpen: true);
        await using var source = new FileStream(file, FileAccess.Read, bufferSize: 0);
        await source.CopyToAsync(packed, ChunkSize, http.RequestAborted);
    }

    private static async Task SendPlainAsync(HttpContext http, SafeFileHandle file, string path, DateTimeOffset modified)
    {
        var (request, response) = (http.Request, http.Response);
        var length = RandomAccess.GetLength(file);
        response.Headers.LastModified = HeaderUtilities.FormatDate(modified);
        response.Headers.AcceptRanges = "bytes";
        if (Preconditions.Failure(request, modified) is { } status)
        {
            response.StatusCode = status;
            return;
        }

        response.ContentType = ContentType.ByEnding(path) ?? Sniff(file);
        switch (ByteRanges.Parse(request, length, modified))
        {
            case null:
                response.ContentLength = length;
                await SendAsync(http, file, new ByteRange(0, length));
                break;
            case []:
                response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
                response.Headers.ContentRange = $"bytes */{length}";
                break;
            case [var single]:
                response.StatusCode = StatusCodes.Status206PartialContent;
                response.Headers.ContentRange = single.ContentRange(length);
                response.ContentLength = single.Length;
                await SendAsync(http, file, single);
                break;
            case { } several:
                await SendSeveralAsync(http, file, several, length);
                break;
        }
    }

    private static async Task SendSeveralAsync(HttpContext http, SafeFileHandle file, List<ByteRange> ranges, long length)
    {
        var boundary = Guid.NewGuid().ToString("n");
        var type = http.Response.ContentType;
        http.Response.StatusCode = StatusCodes.Status206PartialContent;
        http.Response.ContentType = $"multipart/byteranges; boundary={boundary}";
        foreach (var range in ranges)
        {
            await WriteAsync(http, $"--{boundary}\r\nContent-Type: {type}\r\nContent-Range: {range.ContentRange(length)}\r\n\r\n");
            await SendAsync(http, file, range);
            await WriteAsync(http, "\r\n");
        }

        await WriteAsync(http, $"--{boundary}--\r\n");
    }

    private static async Task WriteAsync(HttpContext http, string text) => await http.Response.Body.WriteAsync(Encoding.ASCII.GetBytes(text), http.RequestAborted);

    /// <summary>Straight from the page cache into the response's own buffers.</summary>
    private static async Task SendAsync(HttpContext http, SafeFileHandle file, ByteRange range)
    {
        var writer = http.Response.BodyWriter;
        for (var (offset, left) = (range.Start, range.Length); left > 0;)
        {
            var memory = writer.GetMemory((int)Math.Min(ChunkSize, left));
            var read = RandomAccess.Read(file, memory.Span[..(int)Math.Min(memory.Length, left)], offset);
            if (read == 0)
            {
                throw new IOException("the file became shorter while it was sent");
            }

            writer.Advance(read);
            (offset, left) = (offset + read, left - read);
            if ((await writer.FlushAsync(http.RequestAborted)).IsCompleted)
            {
                return;
            }
        }
    }

    private static string Sniff(SafeFileHandle file)
    {
        Span<byte> start = stackalloc byte[ContentType.SniffLength];
        return ContentType.Sniff(start[..RandomAccess.Read(file, start, 0)]);
    }

    private static string Disposition(string path)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        return name.All(char.IsAscii) && !name.Any(char.IsControl)
            ? $"inline; filename={(name.All(c => char.IsAsciiLetterOrDigit(c) || "!#$&+-.^_`|~".Contains(c)) ? name : "\"" + name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"")}"
            : $"inline; filename*=utf-8''{Uri.EscapeDataString(name)}";
    }
}
