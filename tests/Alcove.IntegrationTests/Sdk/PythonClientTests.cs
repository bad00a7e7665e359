using System.Text.Json;
using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Sdk;

/// <summary>What the Python SDK sends, from a client of the standard library alone (<c>python/client.py</c>).</summary>
public sealed class PythonClientTests
{
    private static readonly Lazy<Task<Dictionary<string, SdkResult>>> Results = new(RunAsync);

    [Theory]
    [InlineData("runs_commands_and_files")]
    [InlineData("reads_files")]
    [InlineData("polls_a_watcher")]
    [InlineData("reports_errors")]
    [InlineData("takes_the_newer_create")]
    public async Task PythonClient(string check)
    {
        var result = (await Results.Value)[check];
        Assert.True(result.Passed, result.Error);
    }

    private static async Task<Dictionary<string, SdkResult>> RunAsync()
    {
        var script = Path.Combine(TestHome.Repository, "tests", "Alcove.IntegrationTests", "python", "client.py");
        var run = (await Command.RunAsync("python3", ["-B", script], Installation.ClientEnvironment(), CancellationToken.None)).Succeeded();
        return run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonSerializer.Deserialize<SdkResult>(line, JsonSerializerOptions.Web)!)
            .ToDictionary(result => result.Name);
    }
}
