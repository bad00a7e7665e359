using System.Globalization;

namespace Alcove.Envd.Metrics;

/// <summary>The sandbox's own cgroup, as the node shows it inside, read-only: one directory (v2), or one for each controller (v1).</summary>
internal static class Cgroup
{
    public const string Root = "/run/alcove/cgroup";

    /// <returns>The value after the name in a file of <c>name value</c> lines; null when there is none.</returns>
    public static string? Field(string file, string name)
    {
        try
        {
            return File.ReadLines(file).Select(line => line.Split(' ')).FirstOrDefault(words => words.Length == 2 && words[0] == name)?[1];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <returns>The one number in a file; null when it is absent or says <c>max</c>.</returns>
    public static ulong? Number(string file)
    {
        try
        {
            return ulong.TryParse(File.ReadAllText(file).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
