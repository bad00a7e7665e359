using System.Runtime.InteropServices;
using System.Text;

namespace Alcove.Envd.Processes;

/// <summary>A null-terminated array of C strings, for exec.</summary>
internal sealed unsafe class NativeStrings : IDisposable
{
    private readonly int _count;

    public NativeStrings(IReadOnlyCollection<string> strings)
    {
        Pointer = (byte**)NativeMemory.AllocZeroed((nuint)strings.Count + 1, (nuint)sizeof(byte*));
        foreach (var text in strings)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            var native = (byte*)NativeMemory.Alloc((nuint)bytes.Length + 1);
            bytes.CopyTo(new Span<byte>(native, bytes.Length));
            native[bytes.Length] = 0;
            Pointer[_count++] = native;
        }
    }

    public byte** Pointer { get; }

    public void Dispose()
    {
        for (var i = 0; i < _count; i++)
        {
            NativeMemory.Free(Pointer[i]);
        }

        NativeMemory.Free(Pointer);
    }
}
