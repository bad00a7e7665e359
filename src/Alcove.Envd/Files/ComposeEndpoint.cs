using System.Text.Json;
using System.Text.Json.Serialization;
using Alcove.Envd.Filesystem;
using Alcove.Envd.Hosting;
using Alcove.Envd.Init;
using Alcove.Envd.Linux;
using Alcove.Envd.Users;

namespace Alcove.Envd.Files;

/// <summary>Body of <c>POST /files/compose</c>.</summary>
internal sealed record ComposeRequest(string?[]? SourcePaths, string? Destination, string? Username);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ComposeRequest))]
internal sealed partial class ComposeJson : JsonSerializerContext;

/// <summary><c>POST /files/compose</c>: joins files into one, in order, and removes them. An existing destination survives any failure.</summary>
internal sealed class ComposeEndpoint(DaemonStateHolder holder, UserDatabase users)
{
    private const int LargestBody = 4 << 20;

    public Task HandleAsync(HttpContext http) => FilesEndpoint.AnsweringAsync(http, async () =>
    {
        var request = await ReadAsync(http);
        var target = FileTarget.For(request.Username, users, holder.Current);
        var destination = target.Resolve(request.Destination!);
        var sources = request.SourcePaths!.Select(source => target.Resolve(source!)).ToArray();
        CheckDestination(destination);
        foreach (var source in sources)
        {
            CheckSource(source, destination);
        }

        await JoinAsync(sources, destination, target.User, http.RequestAborted);
        await JsonBody.WriteAsync(http, new WrittenFile(destination).Write);
    });

    private static async Task<ComposeRequest> ReadAsync(HttpContext http)
    {
        try
        {
            var body = await LimitedBody.ReadAsync(http.Request.Body, LargestBody, http.RequestAborted) ?? throw Invalid($"the request is larger than {LargestBody} bytes");
            var request = JsonSerializer.Deserialize(body.Span, ComposeJson.Default.ComposeRequest);
            return request?.SourcePaths is not { Length: > 0 } ? throw Invalid("source_paths must not be empty")
                : string.IsNullOrEmpty(request.Destination) ? throw Invalid("destination is required")
                : request.SourcePaths.Contains(null) ? throw Invalid("source_paths must be strings")
                : request;
        }
        catch (JsonException e)
        {
            throw Invalid($"error decoding request: {e.Message}");
        }
    }

    private static void CheckSource(string source, string destination)
    {
        if (IsSame(source, destination))
        {
            throw Invalid($"source and destination are the same: {source}");
        }

        var status = FileStatus.Read(source, follow: true) ?? throw new FilesException(StatusCodes.Status404NotFound, $"source file not found: {source}");
        if (!status.IsRegular)
        {
            throw Invalid($"source is not a regular file: {source}");
        }
    }

    private static void CheckDestination(string destination)
    {
        if (destination.EndsWith('/') || FileStatus.Read(destination, follow: false) is { IsDirectory: true })
        {
            throw Invalid($"path is a directory: {destination}");
        }
    }

    /// <summary>By whatever way they are written: the sources are removed at the end, and the result must not be.</summary>
    private static bool IsSame(string source, string destination) => Place(source) == Place(destination);

    private static (string Directory, string Name) Place(string path)
    {
        var slash = path.TrimEnd('/').LastIndexOf('/');
        var directory = path[..Math.Max(1, slash)];
        return (FileStatus.RealPath(directory) ?? SandboxPath.Clean(directory), path[(slash + 1)..]);
    }

    private static async Task JoinAsync(string[] sources, string destination, User user, CancellationToken cancellationToken)
    {
        var temporary = $"{destination}.e2b-compose.{Guid.NewGuid()}.tmp";
        try
        {
            await using var joined = new JoinedStream(sources);
            await new FileWriter(user, [], announced: null).WriteAsync(temporary, joined, cancellationToken);
            if (Libc.Rename(temporary, destination) < 0)
            {
                throw LinuxException.Last($"error renaming to {destination}");
            }
        }
        finally
        {
            File.Delete(temporary);
        }

        foreach (var source in sources)
        {
            File.Delete(source);
        }
    }

    private static FilesException Invalid(string message) => new(StatusCodes.Status400BadRequest, message);
}
