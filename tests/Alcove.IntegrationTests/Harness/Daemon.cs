using System.Diagnostics;

namespace Alcove.IntegrationTests.Harness;

/// <summary>A process of ours that runs while tests do: the server or the node, with its log in a file.</summary>
internal sealed class Daemon(string name, string executable, IReadOnlyDictionary<string, string?> environment, string logFile, Func<CancellationToken, Task<bool>> ready) : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);

    private Process? _process;

    public int ProcessId => _process?.Id ?? throw new InvalidOperationException($"{name} does not run");

    /// <summary>What it is started by: words of a shell in front of it, such as <c>unshare --time</c>.</summary>
    public string Launcher { get; set; } = string.Empty;

    public bool Runs => _process is { HasExited: false };

    /// <summary>Starts it and waits until it is ready.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // Whoever runs the tests in the background of a script has had SIGINT ignored, which is inherited.
        var start = new ProcessStartInfo("bash", ["-c", $"exec env --default-signal=INT {Launcher} \"$0\" >>\"$1\" 2>&1", executable, logFile]) { RedirectStandardInput = true };
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        _process = Process.Start(start) ?? throw new InvalidOperationException($"{name} did not start");
        _process.StandardInput.Close();
        await WaitUntilReadyAsync(_process, cancellationToken);
    }

    /// <summary>SIGKILL: no goodbye.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
    }

    /// <summary>Waits until it has ended by itself.</summary>
    public async Task EndedAsync(TimeSpan patience)
    {
        using var deadline = new CancellationTokenSource(patience);
        await _process!.WaitForExitAsync(deadline.Token);
    }

    /// <summary>SIGTERM or another polite signal, then waits for the end.</summary>
    public async Task StopAsync(string signal = "TERM")
    {
        await Command.RunAsync("kill", $"-{signal}", $"{ProcessId}");
        using var patience = new CancellationTokenSource(StartPatience);
        await _process!.WaitForExitAsync(patience.Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (Runs)
        {
            await StopAsync();
        }

        _process?.Dispose();
    }

    /// <summary>The last lines of its log.</summary>
    public string LogTail(int lines = 60) => File.Exists(logFile) ? string.Join('\n', File.ReadLines(logFile).TakeLast(lines)) : string.Empty;

    private async Task WaitUntilReadyAsync(Process process, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(StartPatience);
        while (!await ready(patience.Token))
        {
            if (process.HasExited || patience.IsCancellationRequested)
            {
                throw new InvalidOperationException($"{name} is not ready ({(process.HasExited ? $"exit code {process.ExitCode}" : "timeout")}):\n{LogTail()}");
            }

            await Task.Delay(20, CancellationToken.None);
        }
    }
}
