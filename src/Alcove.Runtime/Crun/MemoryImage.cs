using System.Buffers.Binary;
using Alcove.Runtime.Crun.Images;
using Google.Protobuf;

namespace Alcove.Runtime.Crun;

/// <summary>Mends in what criu has written what it would restore wrongly, or not at all.</summary>
internal static class MemoryImage
{
    private const string FilesName = "files.img";
    private const string NamelessPattern = "ghost-file-*.img";
    private const int MagicSize = 8;
    private const int LengthSize = 4;

    /// <param name="directory">The image's.</param>
    public static void Mend(string directory)
    {
        var path = $"{directory}/{FilesName}";
        var bytes = File.ReadAllBytes(path);
        var files = Entries(bytes).Select(entry => OpenFile.Parser.ParseFrom(entry.Span)).ToList();
        var nameless = new Lazy<NamelessFile[]>(() => [.. Directory.EnumerateFiles(directory, NamelessPattern).Select(ReadNameless)]);
        var mended = files.Count(file => Rearm(file.Timer) | Lead(file.Watches, nameless));
        if (mended > 0)
        {
            Write(path, bytes.AsSpan(0, MagicSize), files);
        }
    }

    /// <summary>Of a periodic timer that nobody has read since it fell due, criu finds no time until it does so next: restored so, it would never again.</summary>
    private static bool Rearm(TimerFile? timer)
    {
        if (timer is not { ValueSeconds: 0, ValueNanoseconds: 0 } || (timer.IntervalSeconds == 0 && timer.IntervalNanoseconds == 0))
        {
            return false;
        }

        (timer.ValueSeconds, timer.ValueNanoseconds) = (timer.IntervalSeconds, timer.IntervalNanoseconds);
        return true;
    }

    /// <summary>
    /// A watch on a file without a name leads to the file that criu makes for it anew, by device and inode. Of an overlay a watch has
    /// another device than the file: it would lead to the old inode, which is not there, and nothing of the sandbox could be restored.
    /// </summary>
    private static bool Lead(WatchFile? file, Lazy<NamelessFile[]> nameless)
    {
        var mended = false;
        foreach (var watch in file?.Watches.Where(watch => watch.Handle?.HasPath != true) ?? [])
        {
            if (nameless.Value.Where(candidate => candidate.Inode == watch.Inode).ToArray() is [{ } target] && target.Device != watch.Device)
            {
                watch.Device = target.Device;
                mended = true;
            }
        }

        return mended;
    }

    private static NamelessFile ReadNameless(string path)
    {
        using var file = File.OpenRead(path);
        Span<byte> head = stackalloc byte[MagicSize + LengthSize];
        file.ReadExactly(head);
        var entry = new byte[BinaryPrimitives.ReadInt32LittleEndian(head[MagicSize..])];
        file.ReadExactly(entry);
        return NamelessFile.Parser.ParseFrom(entry);
    }

    /// <summary>After its magic numbers, a file of an image has messages, each with its length in front.</summary>
    private static IEnumerable<ReadOnlyMemory<byte>> Entries(ReadOnlyMemory<byte> bytes)
    {
        for (var at = MagicSize; at < bytes.Length;)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes.Span[at..]);
            yield return bytes.Slice(at + LengthSize, length);
            at += LengthSize + length;
        }
    }

    private static void Write(string path, ReadOnlySpan<byte> magic, List<OpenFile> files)
    {
        using var stream = File.Create(path);
        stream.Write(magic);
        Span<byte> length = stackalloc byte[LengthSize];
        foreach (var file in files)
        {
            BinaryPrimitives.WriteInt32LittleEndian(length, file.CalculateSize());
            stream.Write(length);
            file.WriteTo(stream);
        }
    }
}
