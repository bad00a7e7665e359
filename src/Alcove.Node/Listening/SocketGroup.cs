using System.Globalization;
using System.Runtime.InteropServices;

namespace Alcove.Node.Listening;

/// <summary>The group whose members may call the node. Where the machine has no such group, root alone may.</summary>
internal sealed partial class SocketGroup(string name)
{
    /// <summary>The group's number; null when the machine has no such group.</summary>
    public uint? Gid { get; } = Find(name)?.Gid;

    private readonly HashSet<string> _members = [.. Find(name)?.Members ?? []];

    /// <summary>Whether a caller may call.</summary>
    public bool Admits(uint uid, uint gid) => uid == 0 || (Gid is { } own && (gid == own || IsMember(uid)));

    /// <summary>Hands the socket to the group, and closes it to everybody else.</summary>
    public void Own(string socket)
    {
        if (Gid is { } gid)
        {
            _ = ChangeOwner(socket, 0, gid);
        }

        File.SetUnixFileMode(socket, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite);
    }

    private bool IsMember(uint uid) => File.ReadLines("/etc/passwd").Select(line => line.Split(':'))
        .Any(fields => fields.Length > 3 && fields[2] == uid.ToString(CultureInfo.InvariantCulture) && _members.Contains(fields[0]));

    private static (uint Gid, string[] Members)? Find(string name)
    {
        var fields = File.ReadLines("/etc/group").Select(line => line.Split(':')).FirstOrDefault(fields => fields.Length > 3 && fields[0] == name);
        return fields is null ? null : (uint.Parse(fields[2], CultureInfo.InvariantCulture), fields[3].Split(',', StringSplitOptions.RemoveEmptyEntries));
    }

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint uid, uint gid);
}
