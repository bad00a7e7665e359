using System.Text.RegularExpressions;

namespace Alcove.Runtime.Linux;

/// <summary>A mount as the kernel lists it (proc_pid_mountinfo(5)).</summary>
/// <param name="Target">Where.</param>
/// <param name="Device">Major and minor number of the device, with a colon between.</param>
/// <param name="FileSystem">Which kind.</param>
/// <param name="Source">Of what.</param>
/// <param name="Options">The file system's.</param>
internal sealed partial record MountLine(string Target, string Device, string FileSystem, string Source, string Options)
{
    /// <remarks>The fields in front of the hyphen are not always as many, those behind it are.</remarks>
    public static MountLine Parse(string line)
    {
        var words = line.Split(' ');
        return new MountLine(Unescape(words[4]), words[2], words[^3], Unescape(words[^2]), words[^1]);
    }

    /// <summary>Blanks, tabs, line ends and backslashes are written in octal.</summary>
    private static string Unescape(string word) => Escape().Replace(word, match => $"{(char)Convert.ToInt32(match.Groups[1].Value, 8)}");

    [GeneratedRegex(@"\\([0-7]{3})")]
    private static partial Regex Escape();
}
