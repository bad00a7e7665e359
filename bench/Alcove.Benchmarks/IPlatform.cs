namespace Alcove.Benchmarks;

/// <summary>What is measured of each of the two: the same acts, over the same kind of client.</summary>
internal interface IPlatform
{
    /// <summary>Makes a sandbox or container that lives longer than its measurement.</summary>
    Task<string> CreateAsync();

    /// <summary>Runs <c>true</c> in it until its exit code is known.</summary>
    Task RunAsync(string id);

    /// <summary>The bytes that an upload of a file sends, made before the clock runs.</summary>
    byte[] Pack(byte[] file);

    /// <summary>Sends what <see cref="Pack"/> made.</summary>
    Task UploadAsync(string id, byte[] packed);

    /// <summary>Reads the file back, to its end.</summary>
    Task DownloadAsync(string id, int size);

    Task RemoveAsync(string id);
}
