using System.Buffers.Binary;
using Alcove.Runtime.Crun;
using Alcove.Runtime.Crun.Images;
using Google.Protobuf;
using Xunit;

namespace Alcove.Tests.Runtime;

/// <summary>Images as criu writes them, with more in them than is mended.</summary>
public sealed class MemoryImageTests
{
    private static readonly byte[] Magic = [0x19, 0x43, 0x56, 0x54, 0x38, 0x31, 0x30, 0x56];

    /// <summary>Field 1, 17, and field 3 of bytes: not known here.</summary>
    private static readonly byte[] Unknown = [0x08, 0x11, 0x1a, 0x02, 0x41, 0x42];

    [Theory]
    [InlineData(0, 0, 0, 100, 0, 100)] // Due, and never again.
    [InlineData(0, 0, 2, 0, 2, 0)]
    [InlineData(0, 7, 0, 100, 0, 7)]
    [InlineData(0, 0, 0, 0, 0, 0)] // Off, or fell due for the only time.
    public void Mend_PeriodicTimerThatIsDue_FallsDueAgain(ulong seconds, ulong nanoseconds, ulong everySeconds, ulong everyNanoseconds, ulong thenSeconds, ulong thenNanoseconds)
    {
        using var directory = new TemporaryDirectory();
        var timer = new OpenFile
        {
            Id = 5,
            Timer = new TimerFile { ValueSeconds = seconds, ValueNanoseconds = nanoseconds, IntervalSeconds = everySeconds, IntervalNanoseconds = everyNanoseconds },
        };
        Write($"{directory.Path}/files.img", [.. Unknown, .. timer.ToByteArray()], Unknown);

        MemoryImage.Mend(directory.Path);

        timer.Timer.ValueSeconds = thenSeconds;
        timer.Timer.ValueNanoseconds = thenNanoseconds;
        var entries = Read($"{directory.Path}/files.img");
        Assert.Equal(OpenFile.Parser.ParseFrom([.. Unknown, .. timer.ToByteArray()]), OpenFile.Parser.ParseFrom(entries[0]));
        Assert.Equal(Unknown, entries[1]);
    }

    [Theory]
    [InlineData(null, 29UL, 56U)]
    [InlineData("/home/user/name", 29UL, 55U)] // It is found by its name.
    [InlineData(null, 30UL, 55U)] // Not the file.
    public void Mend_WatchOfANamelessFile_LeadsToIt(string? name, ulong inode, uint device)
    {
        using var directory = new TemporaryDirectory();
        var handle = new Handle();
        if (name is not null)
        {
            handle.Path = name;
        }

        var watch = new OpenFile { Watches = new WatchFile { Watches = { new Watch { Inode = inode, Device = 55, Handle = handle } } } };
        Write($"{directory.Path}/files.img", watch.ToByteArray());
        Write($"{directory.Path}/ghost-file-1.img", new NamelessFile { Device = 56, Inode = 29 }.ToByteArray());
        File.AppendAllText($"{directory.Path}/ghost-file-1.img", "content");

        MemoryImage.Mend(directory.Path);

        var mended = OpenFile.Parser.ParseFrom(Assert.Single(Read($"{directory.Path}/files.img")));
        Assert.Equal(device, Assert.Single(mended.Watches.Watches).Device);
    }

    private static void Write(string path, params byte[][] entries)
    {
        using var file = File.Create(path);
        file.Write(Magic);
        foreach (var entry in entries)
        {
            var length = new byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(length, entry.Length);
            file.Write(length);
            file.Write(entry);
        }
    }

    private static List<byte[]> Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        Assert.Equal(Magic, bytes[..8]);
        var entries = new List<byte[]>();
        for (var at = 8; at < bytes.Length;)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at));
            entries.Add(bytes[(at + 4)..(at + 4 + length)]);
            at += 4 + length;
        }

        return entries;
    }
}
