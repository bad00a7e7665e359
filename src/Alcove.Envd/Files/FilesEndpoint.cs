using System.IO.Compression;
using Alcove.Envd.Hosting;
using Alcove.Envd.Init;
using Alcove.Envd.Linux;
using Alcove.Envd.Users;

namespace Alcove.Envd.Files;

/// <summary><c>GET /files</c> and <c>POST /files</c>.</summary>
internal sealed class FilesEndpoint(DaemonStateHolder holder, UserDatabase users, TimeProvider time)
{
    public Task DownloadAsync(HttpContext http) => AnsweringAsync(http, () =>
    {
        FileSignature.Check(http.Request, holder.Current, FileSignature.Read, time);
        var target = Target(http);
        return Download.SendAsync(http, target.Resolve(http.Request.Query["path"].ToString()));
    });

    public Task UploadAsync(HttpContext http) => AnsweringAsync(http, async () =>
    {
        FileSignature.Check(http.Request, holder.Current, FileSignature.Write, time);
        await using var body = Body(http.Request);
        var target = Target(http);
        var upload = new Upload(target, new FileWriter(target.User, Metadata(http.Request), http.Request.ContentLength));
        var written = await upload.ReceiveAsync(http.Request, body, http.RequestAborted);
        await JsonBody.WriteAsync(http, json =>
        {
            json.WriteStartArray();
            written.ForEach(file => file.Write(json));
            json.WriteEndArray();
        });
    });

    /// <summary>Turns every failure into the answer that it stands for.</summary>
    public static async Task AnsweringAsync(HttpContext http, Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (FilesException e) when (!http.Response.HasStarted)
        {
            await JsonError.WriteAsync(http, e.Status, e.Message);
        }
        catch (TimeoutException) when (!http.Response.HasStarted)
        {
            await JsonError.WriteAsync(http, StatusCodes.Status408RequestTimeout, $"no data for {IdleTimeoutStream.Patience.TotalSeconds} seconds");
        }
        catch (LinuxException e) when (Errno.IsFull(e.Error) && !http.Response.HasStarted)
        {
            await JsonError.WriteAsync(http, StatusCodes.Status507InsufficientStorage, $"not enough disk space available: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException && !http.Response.HasStarted && !http.RequestAborted.IsCancellationRequested)
        {
            await JsonError.WriteAsync(http, StatusCodes.Status500InternalServerError, e.Message);
        }
    }

    private FileTarget Target(HttpContext http) =>
        FileTarget.For(http.Request.Query.TryGetValue("username", out var name) ? name.ToString() : null, users, holder.Current);

    private Stream Body(HttpRequest request)
    {
        var body = new IdleTimeoutStream(request.Body, time);
        return request.Headers.ContentEncoding.ToString() switch
        {
            "" or "identity" => body,
            "gzip" => new GZipStream(body, CompressionMode.Decompress),
            var other => throw new FilesException(StatusCodes.Status400BadRequest, $"error decompressing request body: unsupported Content-Encoding: {other}"),
        };
    }

    private static Dictionary<string, string> Metadata(HttpRequest request)
    {
        try
        {
            return FileMetadata.FromHeaders(request.Headers);
        }
        catch (ArgumentException e)
        {
            throw new FilesException(StatusCodes.Status400BadRequest, e.Message, e);
        }
    }
}
