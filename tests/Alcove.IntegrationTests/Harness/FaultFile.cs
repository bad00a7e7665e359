namespace Alcove.IntegrationTests.Harness;

/// <summary>The file through which server and node are told of a fault: see <c>FaultPoint</c>.</summary>
internal static class FaultFile
{
    private static readonly string Path = Installation.FaultFile;

    /// <summary>There while somebody waits at the step.</summary>
    private static readonly string Held = Path + ".held";

    public static Task OrderAsync(string step, string what) => File.WriteAllTextAsync(Path, $"{step} {what}");

    public static Task TakenAsync(TimeSpan patience) => Eventually.TrueAsync(() => Task.FromResult(!File.Exists(Path)), patience);

    public static Task HeldAsync(TimeSpan patience) => Eventually.TrueAsync(() => Task.FromResult(File.Exists(Held)), patience);

    public static void LetGo() => File.Delete(Held);

    public static void Clear()
    {
        File.Delete(Path);
        File.Delete(Held);
    }
}
