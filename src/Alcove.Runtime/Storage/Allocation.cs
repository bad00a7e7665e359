using Alcove.Runtime.Linux;

namespace Alcove.Runtime.Storage;

/// <summary>What a file takes on its disk: less than its length where it is sparse; blocks that clones share count for each of them.</summary>
internal static unsafe class Allocation
{
    private const int Here = -100;
    private const uint Blocks = 0x400;
    private const int BlocksOffset = 48;
    private const int BlockSize = 512;
    private const int StructureSize = 256;

    /// <returns>Bytes.</returns>
    public static long Of(string file)
    {
        var buffer = stackalloc byte[StructureSize];
        return Libc.StatX(Here, file, 0, Blocks, buffer) == 0 ? *(long*)(buffer + BlocksOffset) * BlockSize : 0;
    }

    public static long OfTree(string directory) => Directory.Exists(directory) ? Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Sum(Of) : 0;
}
