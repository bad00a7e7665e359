namespace Alcove.Benchmarks;

/// <summary>What is measured of each of the two: the same acts, over the same kind of client.</summary>
internal interface IPlatform
{
    /// <summary>Makes a sandbox or container.</summary>
    Task<string> CreateAsync();

    /// <summary>Runs <c>true</c> in it until its exit code is known.</summary>
    Task RunAsync(string id);

    Task UploadAsync(string id, byte[] data);

    Task DownloadAsync(string id, int size);

    Task RemoveAsync(string id);
}
