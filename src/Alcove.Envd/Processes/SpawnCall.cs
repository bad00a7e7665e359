using System.Runtime.InteropServices;
using Alcove.Envd.Linux;

namespace Alcove.Envd.Processes;

/// <summary>One posix_spawn: what the child's descriptors 0, 1 and 2 become, a session of its own, default signals.</summary>
internal sealed unsafe class SpawnCall : IDisposable
{
    private const short SetDefaultSignals = 0x04;
    private const short SetSignalMask = 0x08;
    private const short NewSession = 0x80;

    /// <summary>More than glibc's structures take on any architecture (80 and 336 bytes on x64 and arm64).</summary>
    private const int StructureSize = 512;

    private readonly void* _actions = NativeMemory.AllocZeroed(StructureSize);
    private readonly void* _attributes = NativeMemory.AllocZeroed(StructureSize);

    public SpawnCall()
    {
        _ = Libc.SpawnActionsInit(_actions);
        _ = Libc.SpawnAttributesInit(_attributes);
        _ = Libc.SpawnAttributesSetFlags(_attributes, SetDefaultSignals | SetSignalMask | NewSession);
        var signals = stackalloc byte[128];
        _ = Libc.FillSignalSet(signals);
        _ = Libc.SpawnAttributesSetDefaultSignals(_attributes, signals);
        _ = Libc.EmptySignalSet(signals);
        _ = Libc.SpawnAttributesSetSignalMask(_attributes, signals);
    }

    /// <summary>The child opens the file itself, as its user; a terminal opened so, first in the new session, becomes its controlling one.</summary>
    public void Open(int target, string path, int flags) => _ = Libc.SpawnActionsAddOpen(_actions, target, path, flags, 0);

    public void Duplicate(int source, int target) => _ = Libc.SpawnActionsAddDuplicate(_actions, source, target);

    /// <returns>0 and the pid, or an error number.</returns>
    public int Run(string path, IReadOnlyCollection<string> arguments, IReadOnlyCollection<string> environment, out int pid)
    {
        using var nativeArguments = new NativeStrings(arguments);
        using var nativeEnvironment = new NativeStrings(environment);
        int started;
        var error = Libc.Spawn(&started, path, _actions, _attributes, nativeArguments.Pointer, nativeEnvironment.Pointer);
        pid = error == 0 ? started : 0;
        return error;
    }

    public void Dispose()
    {
        _ = Libc.SpawnActionsDestroy(_actions);
        _ = Libc.SpawnAttributesDestroy(_attributes);
        NativeMemory.Free(_actions);
        NativeMemory.Free(_attributes);
    }
}
