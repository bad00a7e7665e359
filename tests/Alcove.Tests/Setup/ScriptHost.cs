using System.Diagnostics;
using Xunit;

namespace Alcove.Tests.Setup;

/// <summary>Runs the scripts of <c>setup/</c> on a home of their own, on a machine that lacks what a test takes from it.</summary>
internal sealed class ScriptHost : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("alcove-setup-");
    private readonly string _programs;

    /// <param name="userId">Who runs them, as far as they can tell.</param>
    /// <param name="without">Programs that the machine has not.</param>
    public ScriptHost(int userId, params string[] without)
    {
        _programs = Path.Combine(_root.FullName, "bin");
        Directory.CreateDirectory(_programs);
        foreach (var program in Environment.GetEnvironmentVariable("PATH")!.Split(':').Where(Directory.Exists).SelectMany(Directory.EnumerateFiles).DistinctBy(Path.GetFileName))
        {
            if (Path.GetFileName(program) is var name && name != "id" && !without.Contains(name))
            {
                File.CreateSymbolicLink(Path.Combine(_programs, name), program);
            }
        }

        var id = Path.Combine(_programs, "id");
        File.WriteAllText(id, $"#!/bin/sh\necho {userId}\n");
        File.SetUnixFileMode(id, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    public string Home => Path.Combine(_root.FullName, "home");

    public async Task<(int ExitCode, string Output)> RunAsync(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo("/bin/bash", ["-c", "exec bash \"$@\" 2>&1 </dev/null", "bash", Path.Combine(Repository(), "setup", script), .. arguments]) { RedirectStandardOutput = true };
        start.Environment["PATH"] = _programs;
        start.Environment["ALCOVE_HOME"] = Home;
        start.Environment.Remove("YES");
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output);
    }

    /// <summary>Makes a file below the home, with the directories above it.</summary>
    public void Write(string path, string text = "")
    {
        var file = Path.Combine(Home, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    public string[] Names(string directory) => [.. Directory.EnumerateFileSystemEntries(Path.Combine(Home, directory)).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    public void Dispose() => _root.Delete(recursive: true);

    private static string Repository()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Alcove.slnx")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException($"no Alcove.slnx above {AppContext.BaseDirectory}");
        }

        return directory.FullName;
    }
}
