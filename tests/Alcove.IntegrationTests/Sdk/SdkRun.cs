using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;
using Alcove.IntegrationTests.Harness;

namespace Alcove.IntegrationTests.Sdk;

/// <summary>What one test of an SDK test file said.</summary>
internal sealed record SdkResult(string Name, bool Passed, string? Error);

/// <summary>The JavaScript tests under <c>sdk/</c>: each file is run once an SDK generation, and every test in it is a test here.</summary>
internal static partial class SdkRun
{
    /// <summary>More than a file takes; many rounds of pause and resume take their time.</summary>
    private static readonly TimeSpan Patience = Environment.GetEnvironmentVariable("ALCOVE_TEST_ROUNDS") is null ? TimeSpan.FromMinutes(8) : TimeSpan.FromMinutes(40);

    private static readonly ConcurrentDictionary<(string Sdk, string File), Lazy<Task<Dictionary<string, SdkResult>>>> Runs = new();

    public static string Directory { get; } = Path.Combine(TestHome.Repository, "tests", "Alcove.IntegrationTests", "sdk");

    /// <summary>The Node.js that npm brought, never the machine's own.</summary>
    public static string NodeExecutable { get; } = Path.Combine(Directory, "node_modules", ".bin", "node");

    /// <summary>The CLI as npm installed it.</summary>
    public static string CliScript { get; } = Path.Combine(Directory, "node_modules", "@e2b", "cli", "dist", "index.js");

    public static IEnumerable<string> TestNames(string file) =>
        NamePattern().Matches(File.ReadAllText(Path.Combine(Directory, file))).Select(match => match.Groups[1].Value.Replace("\\'", "'"));

    public static async Task<SdkResult> ResultOfAsync(string sdk, string file, string name)
    {
        var results = await Runs.GetOrAdd((sdk, file), key => new Lazy<Task<Dictionary<string, SdkResult>>>(() => RunFileAsync(key.Sdk, key.File))).Value;
        return results.GetValueOrDefault(name) ?? new SdkResult(name, Passed: false, $"not run; the file said: {string.Join('\n', results.Values.Where(r => !r.Passed))}");
    }

    private static async Task<Dictionary<string, SdkResult>> RunFileAsync(string sdk, string file)
    {
        var environment = Installation.ClientEnvironment();
        environment["ALCOVE_SDK"] = sdk;
        var run = await Command.RunAsync(
            NodeExecutable,
            ["--no-warnings", "--test", "--test-reporter", Path.Combine(Directory, "reporter.mjs"), "--test-timeout", $"{Patience.TotalMilliseconds}", Path.Combine(Directory, file)],
            environment,
            CancellationToken.None,
            patience: Patience);
        var results = run.Output.Split('\n').Where(line => line.StartsWith('{')).Select(line => JsonSerializer.Deserialize<SdkResult>(line, JsonSerializerOptions.Web)!);
        var byName = results.GroupBy(r => r.Name).ToDictionary(g => g.Key, g => g.First());
        return byName.Count > 0 ? byName : throw new InvalidOperationException($"{file} ran no test (exit code {run.ExitCode}):\n{run.Output}\n{run.Error}");
    }

    [GeneratedRegex(@"^test\('((?:[^'\\]|\\.)*)'", RegexOptions.Multiline)]
    private static partial Regex NamePattern();
}
