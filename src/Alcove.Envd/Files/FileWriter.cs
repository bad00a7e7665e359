using System.Buffers;
using Alcove.Envd.Filesystem;
using Alcove.Envd.Linux;
using Alcove.Envd.Users;
using Microsoft.Win32.SafeHandles;

namespace Alcove.Envd.Files;

/// <summary>Writes uploads: parents made, links followed, an existing file's mode kept, everything the user's.</summary>
internal sealed class FileWriter(User user, Dictionary<string, string> metadata, long? announced)
{
    private const int BufferSize = 256 * 1024;

    /// <summary>Streams the body into the file.</summary>
    /// <exception cref="FilesException">It cannot be written; what was written stays, cut short.</exception>
    public async Task WriteAsync(string path, Stream body, CancellationToken cancellationToken)
    {
        using (var file = Open(path))
        {
            await CopyAsync(body, file, cancellationToken);
        }

        Keep(path);
    }

    /// <summary>Puts a complete file, which nobody has seen yet, where it belongs.</summary>
    public async Task MoveAsync(string spooled, string path, CancellationToken cancellationToken)
    {
        Prepare(path);
        if (FileStatus.Read(path, follow: false) is null && Libc.Rename(spooled, path) == 0)
        {
            Ownership.Give(path, user);
            Keep(path);
            return;
        }

        using var handle = OpenFile.ToRead(spooled);
        await using var source = new FileStream(handle, FileAccess.Read, bufferSize: 0);
        await WriteAsync(path, source, cancellationToken);
    }

    /// <summary>Streams the body into a new file of that name, which nobody is shown.</summary>
    public async Task SpoolAsync(string path, Stream body, CancellationToken cancellationToken)
    {
        using var file = Making(() => OpenFile.ToMake(path));
        await CopyAsync(body, file, cancellationToken);
    }

    private SafeFileHandle Open(string path)
    {
        Prepare(path);
        return Making(() =>
        {
            if (FileStatus.Read(path, follow: true) is not null)
            {
                Ownership.Give(path, user);
            }

            var file = OpenFile.ToWrite(path);
            Ownership.Give(path, user);
            return file;
        });
    }

    private void Prepare(string path)
    {
        Making(() =>
        {
            var slash = path.TrimEnd('/').LastIndexOf('/');
            Ownership.MakeDirectories(slash > 0 ? path[..slash] : "/", user);
            return true;
        });
        var status = FileStatus.Read(path, follow: true);
        if (path.EndsWith('/') || status is { IsDirectory: true })
        {
            throw new FilesException(StatusCodes.Status400BadRequest, $"path is a directory: {path}");
        }

        if (status is { IsChannel: true })
        {
            throw new FilesException(StatusCodes.Status400BadRequest, $"path is a pipe or a socket: {path}");
        }
    }

    /// <summary>What needs a place in a directory finds out here that there is none.</summary>
    private static T Making<T>(Func<T> make)
    {
        try
        {
            return make();
        }
        catch (LinuxException e) when (Errno.IsFull(e.Error))
        {
            throw NoSpace($"not enough inodes available: {e.Message}", e);
        }
    }

    private async Task CopyAsync(Stream body, SafeFileHandle file, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            long offset = 0;
            for (int read; (read = await FillAsync(body, buffer, cancellationToken)) > 0; offset += read)
            {
                RandomAccess.Write(file, buffer.AsSpan(0, read), offset);
            }
        }
        catch (IOException e) when (IsNoSpace(e))
        {
            throw NoSpace(announced is { } bytes ? $"attempted to write {bytes} bytes: not enough disk space available" : "not enough disk space available", e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads until the buffer is full or the body ends: few large writes rather than many small ones.</summary>
    private static async ValueTask<int> FillAsync(Stream body, byte[] buffer, CancellationToken cancellationToken) =>
        await body.ReadAtLeastAsync(buffer.AsMemory(0, BufferSize), BufferSize, throwOnEndOfStream: false, cancellationToken);

    private void Keep(string path)
    {
        try
        {
            FileMetadata.Replace(path, metadata);
        }
        catch (LinuxException e)
        {
            throw NoSpace(e.Message, e);
        }
    }

    private static bool IsNoSpace(IOException e) => Errno.IsFull(e is LinuxException linux ? linux.Error : e.HResult);

    private static FilesException NoSpace(string message, Exception cause) => new(StatusCodes.Status507InsufficientStorage, message, cause);
}
