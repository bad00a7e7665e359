using Xunit;

namespace Alcove.IntegrationTests.Sdk;

/// <summary>The official SDK, unmodified, in two generations: see <c>sdk/*.test.mjs</c>.</summary>
public sealed class SdkTests
{
    private const string Current = "e2b";
    private const string Older = "e2b-older";

    private static readonly string[] Shared = ["lifecycle.test.mjs", "commands.test.mjs", "pty.test.mjs", "files.test.mjs", "traffic.test.mjs", "pause.test.mjs", "snapshots.test.mjs"];

    public static TheoryData<string, string> WithCurrentSdk => Rows([.. Shared, "current.test.mjs"]);

    public static TheoryData<string, string> WithOlderSdk => Rows([.. Shared, "older.test.mjs"]);

    [Theory]
    [MemberData(nameof(WithCurrentSdk))]
    public Task CurrentSdk(string file, string name) => PassesAsync(Current, file, name);

    [Theory]
    [MemberData(nameof(WithOlderSdk))]
    public Task OlderSdk(string file, string name) => PassesAsync(Older, file, name);

    private static async Task PassesAsync(string sdk, string file, string name)
    {
        var result = await SdkRun.ResultOfAsync(sdk, file, name);
        Assert.True(result.Passed, result.Error);
    }

    private static TheoryData<string, string> Rows(IEnumerable<string> files)
    {
        var rows = new TheoryData<string, string>();
        foreach (var file in files)
        {
            foreach (var name in SdkRun.TestNames(file))
            {
                rows.Add(file, name);
            }
        }

        return rows;
    }
}
