using System.Diagnostics;
using System.Text;

namespace Alcove.Runtime.Processes;

/// <summary>Runs programs: the one place that starts any on the host.</summary>
internal static class ChildProcess
{
    private const int TailLength = 2000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Runs a program to its end.</summary>
    /// <returns>What it printed.</returns>
    /// <exception cref="RuntimeException">It failed or took too long: program, exit code, the end of what it said.</exception>
    public static async Task<string> RunAsync(string program, IEnumerable<string> arguments, string? input = null, CancellationToken cancellationToken = default)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Patience);
        using var process = Start(program, arguments);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            var error = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.StandardInput.WriteAsync((input ?? string.Empty).AsMemory(), deadline.Token);
            process.StandardInput.Close();
            await process.WaitForExitAsync(deadline.Token);
            return process.ExitCode == 0
                ? await output
                : throw new RuntimeException(RuntimeFailure.Failed, $"{program} ended with {process.ExitCode}: {Tail(await error)}");
        }
        catch (OperationCanceledException)
        {
            // Not left to go on: whoever called undoes what it did so far.
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            cancellationToken.ThrowIfCancellationRequested();
            throw new RuntimeException(RuntimeFailure.Failed, $"{program} did not end within {Patience.TotalSeconds} s");
        }
        catch (IOException e)
        {
            throw new RuntimeException(RuntimeFailure.Failed, $"{program}: {e.Message}", e);
        }
    }

    /// <summary>Runs shell text with arguments as <c>$1</c> and so on, never spliced into the text.</summary>
    public static Task<string> ShellAsync(string text, IEnumerable<string> arguments, CancellationToken cancellationToken = default) =>
        RunAsync("/bin/sh", ["-c", "set -e; " + text, "sh", .. arguments], input: null, cancellationToken);

    private static Process Start(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        };
        start.Environment["LC_ALL"] = "C";
        start.Environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new RuntimeException(RuntimeFailure.NotReady, $"{program} cannot be run: {e.Message}", e);
        }
    }

    private static string Tail(string text) => text.Length <= TailLength ? text.Trim() : "…" + text[^TailLength..].Trim();
}
