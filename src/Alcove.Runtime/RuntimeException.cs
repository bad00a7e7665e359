namespace Alcove.Runtime;

/// <summary>Why the runtime could not do as asked.</summary>
public enum RuntimeFailure
{
    /// <summary>Something of the installation is missing.</summary>
    NotReady,

    /// <summary>The template's layers are not on this machine.</summary>
    LayerMissing,

    /// <summary>Memory, disk or slots are below the reserve. Nothing was changed.</summary>
    NoCapacity,

    /// <summary>The sandbox exists already, in another run.</summary>
    Exists,

    /// <summary>There is no such run or capture.</summary>
    NotFound,

    /// <summary>Its processes are in a state that cannot be put away, or the disk has no room for them. It runs on, unchanged.</summary>
    CannotCapture,

    /// <summary>A step failed; whatever was made has been removed.</summary>
    Failed,
}

/// <summary>An act of the runtime that failed.</summary>
public sealed class RuntimeException(RuntimeFailure failure, string message, Exception? innerException = null) : Exception(message, innerException)
{
    public RuntimeFailure Failure { get; } = failure;
}
