using System.Diagnostics;

namespace Alcove.Protocol.Faults;

/// <summary>
/// A place where a test can make the program die, fail or wait. Off unless <c>ALCOVE_FAULTS</c> names a file; that file's text is a step and
/// what shall happen there: <c>pause.captured kill</c>, <c>fail</c> or <c>hold</c>. It happens once: the file is removed before.
/// Who holds makes a file of that name with <c>.held</c> behind it, and goes on when that is gone.
/// </summary>
public static class FaultPoint
{
    private static readonly string? File = Environment.GetEnvironmentVariable("ALCOVE_FAULTS");

    /// <param name="step">The act and what of it has just been done.</param>
    /// <exception cref="IOException">The file asks this step to fail.</exception>
    public static void Reach(string step)
    {
        if (File is null || !System.IO.File.Exists(File))
        {
            return;
        }

        var words = System.IO.File.ReadAllText(File).Split(' ', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0 || words[0] != step)
        {
            return;
        }

        System.IO.File.Delete(File);
        if (words is [_, "fail", ..])
        {
            throw new IOException($"a test makes {step} fail");
        }

        if (words is [_, "hold", ..])
        {
            var held = File + ".held";
            System.IO.File.WriteAllText(held, step);
            SpinWait.SpinUntil(() => !System.IO.File.Exists(held));
            return;
        }

        // SIGKILL: nothing of this program runs after it.
        Process.GetCurrentProcess().Kill();
    }
}
