namespace Alcove.Tests.Runtime;

/// <summary>A directory for one test.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("alcove-runtime-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
