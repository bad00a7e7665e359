using System.Diagnostics;
using System.Globalization;

namespace Alcove.Benchmarks;

/// <summary>A container like that of a sandbox, which crun alone takes down and up again: see <c>bench/bare.sh</c>.</summary>
internal sealed class BareContainer : IAsyncDisposable
{
    private readonly Process _script;

    private BareContainer(Process script) => _script = script;

    /// <param name="home">The installation's.</param>
    /// <param name="sandbox">A running sandbox, whose configuration it gets.</param>
    public static async Task<BareContainer> StartAsync(string home, string sandbox)
    {
        var start = new ProcessStartInfo("bash", [Path.Combine(FindBench(), "bare.sh"), home, sandbox, $"{home}/bare"]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        var container = new BareContainer(Process.Start(start)!);
        await container.AnswerAsync();
        return container;
    }

    /// <summary>A process that goes on, started through the daemon inside.</summary>
    public Task StartProcessAsync(string json) => AskAsync($"start {json}");

    /// <returns>Milliseconds that crun took.</returns>
    public async Task<double> CheckpointAsync() => Number(await AskAsync("checkpoint"));

    /// <returns>Milliseconds that crun took.</returns>
    public async Task<double> RestoreAsync() => Number(await AskAsync("restore"));

    public async ValueTask DisposeAsync()
    {
        _script.StandardInput.Close();
        await _script.WaitForExitAsync();
        _script.Dispose();
    }

    private async Task<string> AskAsync(string words)
    {
        await _script.StandardInput.WriteLineAsync(words);
        await _script.StandardInput.FlushAsync();
        return await AnswerAsync();
    }

    private async Task<string> AnswerAsync() => await _script.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("bare.sh ended: see above");

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private static string FindBench()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "bench", "bare.sh")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException("no bench/bare.sh above " + AppContext.BaseDirectory);
        }

        return Path.Combine(directory.FullName, "bench");
    }
}
