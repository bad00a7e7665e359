using System.Text;
using Alcove.Envd.Filesystem;
using Alcove.Envd.Users;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Alcove.Envd.Files;

/// <summary>
/// Receives a raw body or a form. In a form every part named <c>file</c> is a file; where it goes says, in this order, the query's
/// <c>path</c>, the form's field <c>path</c> (which may come after the file), the part's file name. A file whose place is not certain
/// yet waits under a name of its own that nobody asks for, so that nothing appears where it does not belong.
/// </summary>
internal sealed class Upload(FileTarget target, FileWriter writer)
{
    private const string FileField = "file";
    private const string PathField = "path";
    private const int LongestPath = 4096;
    private const int BufferSize = 64 * 1024;

    private readonly List<WrittenFile> _written = [];
    private readonly List<(string Spooled, string FileName)> _waiting = [];
    private string? _fieldPath;

    /// <exception cref="FilesException">The request is not one, or a file cannot be written.</exception>
    public async Task<List<WrittenFile>> ReceiveAsync(HttpRequest request, Stream body, CancellationToken cancellationToken)
    {
        var contentType = request.ContentType ?? string.Empty;
        var path = request.Query[PathField].ToString();
        if (contentType.Split(';')[0].Trim().Equals("application/octet-stream", StringComparison.OrdinalIgnoreCase))
        {
            await ReceiveRawAsync(path, body, cancellationToken);
        }
        else if (contentType.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase))
        {
            await ReceiveFormAsync(Boundary(contentType), path, body, cancellationToken);
        }
        else
        {
            throw new FilesException(StatusCodes.Status400BadRequest, $"unsupported content type: {contentType}, expected multipart/form-data or application/octet-stream");
        }

        return _written;
    }

    private async Task ReceiveRawAsync(string path, Stream body, CancellationToken cancellationToken)
    {
        if (path.Length == 0)
        {
            throw new FilesException(StatusCodes.Status400BadRequest, "path query parameter is required for raw body upload");
        }

        await WriteAsync(target.Resolve(path), body, cancellationToken);
    }

    private async Task ReceiveFormAsync(string boundary, string path, Stream body, CancellationToken cancellationToken)
    {
        try
        {
            var reader = new MultipartReader(boundary, body, BufferSize) { BodyLengthLimit = null };
            while (await reader.ReadNextSectionAsync(cancellationToken) is { } section)
            {
                await ReceivePartAsync(section, path, cancellationToken);
            }

            await PlaceAsync(_waiting.Count, cancellationToken);
        }
        catch when (_fieldPath is null && _written.Count == 0 && _waiting.Count > 1)
        {
            // Of several files those before the one that failed stay; the client may be gone, so nothing cancels this.
            await PlaceAsync(_waiting.Count - 1, CancellationToken.None);
            throw;
        }
        finally
        {
            _waiting.ForEach(file => File.Delete(file.Spooled));
        }
    }

    private async Task PlaceAsync(int count, CancellationToken cancellationToken)
    {
        foreach (var (spooled, fileName) in _waiting.Take(count))
        {
            var place = Claim(_fieldPath ?? fileName);
            await writer.MoveAsync(spooled, place, cancellationToken);
            _written.Add(new WrittenFile(place));
        }
    }

    private async Task ReceivePartAsync(MultipartSection section, string path, CancellationToken cancellationToken)
    {
        if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition))
        {
            return;
        }

        switch (Unquoted(disposition.Name.Value))
        {
            case PathField:
                _fieldPath = await ReadFieldAsync(section.Body, cancellationToken) is { Length: > 0 } named ? named : _fieldPath;
                break;
            case FileField when path.Length > 0 || _fieldPath is not null:
                await WriteAsync(Claim(path.Length > 0 ? path : _fieldPath!), section.Body, cancellationToken);
                break;
            case FileField:
                await SpoolAsync(section, disposition, cancellationToken);
                break;
        }
    }

    private async Task SpoolAsync(MultipartSection section, ContentDispositionHeaderValue disposition, CancellationToken cancellationToken)
    {
        var fileName = disposition.FileNameStar.Value ?? Unquoted(disposition.FileName.Value);
        var spooled = $"{SpoolDirectory(fileName).TrimEnd('/')}/.envd-upload-{Guid.NewGuid():n}";
        _waiting.Add((spooled, fileName));
        await writer.SpoolAsync(spooled, section.Body, cancellationToken);
    }

    /// <summary>On the file system where the file most likely goes, so that its place there is only a name: the one for temporary files, else beside it.</summary>
    private string SpoolDirectory(string fileName)
    {
        var temporary = Path.GetTempPath();
        if (fileName.Length == 0 || FileStatus.Read(temporary, follow: true) is not { IsDirectory: true } there)
        {
            return temporary;
        }

        var directory = SandboxPath.Clean(target.Resolve(fileName));
        FileStatus? status;
        do
        {
            directory = directory[..Math.Max(1, directory.LastIndexOf('/'))];
            status = FileStatus.Read(directory, follow: true);
        }
        while (status is not { IsDirectory: true } && directory.Length > 1);
        return status?.FileSystem == there.FileSystem ? temporary : directory;
    }

    private async Task WriteAsync(string path, Stream body, CancellationToken cancellationToken)
    {
        await writer.WriteAsync(path, body, cancellationToken);
        _written.Add(new WrittenFile(path));
    }

    /// <summary>Where the file goes, unless another of this request went there.</summary>
    private string Claim(string path)
    {
        if (path.Length == 0)
        {
            throw new FilesException(StatusCodes.Status400BadRequest, "a file part has neither a path nor a file name");
        }

        var place = target.Resolve(path);
        if (_written.Any(file => file.Path == place))
        {
            var others = string.Join(", ", _written.Select(file => file.Path).Where(other => other != place));
            throw new FilesException(
                StatusCodes.Status400BadRequest,
                $"you cannot upload multiple files to the same path '{place}' in one upload request, only the first specified file was uploaded" + (others.Length > 0 ? $"; also uploaded: {others}" : string.Empty));
        }

        return place;
    }

    private static async Task<string> ReadFieldAsync(Stream body, CancellationToken cancellationToken)
    {
        var buffer = new byte[LongestPath + 1];
        var read = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return read <= LongestPath
            ? Encoding.UTF8.GetString(buffer, 0, read)
            : throw new FilesException(StatusCodes.Status400BadRequest, $"the field 'path' is longer than {LongestPath} bytes");
    }

    private static string Boundary(string contentType)
    {
        var boundary = MediaTypeHeaderValue.TryParse(contentType, out var parsed) ? HeaderUtilities.RemoveQuotes(parsed.Boundary).Value : null;
        return boundary is { Length: > 0 and <= 200 } ? boundary : throw new FilesException(StatusCodes.Status400BadRequest, "the multipart content type has no boundary");
    }

    /// <summary>A backslash escapes a quote and itself; before anything else it stands for itself, as browsers write it.</summary>
    private static string Unquoted(string? value)
    {
        var text = HeaderUtilities.RemoveQuotes(value).AsSpan();
        var plain = new StringBuilder(text.Length);
        while (!text.IsEmpty)
        {
            text = text is ['\\', '"' or '\\', ..] ? text[1..] : text;
            plain.Append(text[0]);
            text = text[1..];
        }

        return plain.ToString();
    }
}
