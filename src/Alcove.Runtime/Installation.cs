using System.Security.Cryptography;

namespace Alcove.Runtime;

/// <summary>The installation's own name: 8 characters that everything machine-wide of it carries, so that several live side by side.</summary>
internal static class Installation
{
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
    private const int Length = 8;

    /// <summary>Made once, kept under <c>secrets</c>.</summary>
    public static string Id(HomePaths paths)
    {
        var file = $"{paths.Secrets}/installation-id";
        if (!File.Exists(file))
        {
            Directory.CreateDirectory(paths.Secrets, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            File.WriteAllText(file + ".new", RandomNumberGenerator.GetString(Alphabet, Length));
            File.SetUnixFileMode(file + ".new", UnixFileMode.UserRead | UnixFileMode.UserWrite);
            File.Move(file + ".new", file);
        }

        var id = File.ReadAllText(file).Trim();
        return id.Length == Length && id.All(char.IsAsciiLetterOrDigit) ? id : throw new RuntimeException(RuntimeFailure.NotReady, $"{file} does not hold {Length} letters and digits");
    }
}
