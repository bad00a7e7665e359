using System.Security.Cryptography;

namespace Alcove.Control.Secrets;

/// <summary>The installation's secrets: made once, readable by the server's user alone, kept under <c>ALCOVE_HOME/secrets</c>.</summary>
public sealed class InstallationSecrets
{
    private const int Length = 32;

    private InstallationSecrets(byte[] seed, string adminToken) => (Seed, AdminToken) = (seed, adminToken);

    /// <summary>What sandboxes' tokens are derived from.</summary>
    public byte[] Seed { get; }

    /// <summary>What admin routes want in <c>X-Admin-Token</c>.</summary>
    public string AdminToken { get; }

    /// <exception cref="IOException">They can be neither read nor made.</exception>
    public static InstallationSecrets Load(string directory)
    {
        Directory.CreateDirectory(directory);
        return new InstallationSecrets(Convert.FromHexString(LoadOrMake(directory, "seed")), LoadOrMake(directory, "admin-token"));
    }

    private static string LoadOrMake(string directory, string name)
    {
        var path = Path.Combine(directory, name);
        if (!File.Exists(path))
        {
            var unfinished = $"{path}.{Guid.NewGuid():n}";
            using (var file = new FileStream(unfinished, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
            {
                file.Write(System.Text.Encoding.ASCII.GetBytes(RandomNumberGenerator.GetHexString(Length * 2, lowercase: true)));
                file.Flush(flushToDisk: true);
            }

            File.Move(unfinished, path);
        }

        return File.ReadAllText(path).Trim();
    }
}
