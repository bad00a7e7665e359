using System.Globalization;

namespace Alcove.Envd.Users;

/// <summary>The accounts of the sandbox, read from <c>/etc/passwd</c> and <c>/etc/group</c> as they are at the time of asking. Reads no NSS modules: the daemon brings its own libc.</summary>
internal sealed class UserDatabase(string etc = "/etc")
{
    private readonly CachedFile _passwd = new(Path.Combine(etc, "passwd"));
    private readonly CachedFile _group = new(Path.Combine(etc, "group"));

    /// <returns>Null when there is no such user.</returns>
    public User? Find(string name)
    {
        foreach (var fields in _passwd.Rows)
        {
            if (fields.Length >= 6 && fields[0] == name && TryId(fields[2], out var uid) && TryId(fields[3], out var gid))
            {
                return new User(name, uid, gid, fields[5].Length > 0 ? fields[5] : "/", GroupsOf(name, gid));
            }
        }

        return null;
    }

    /// <summary>The user's name, or the number in decimal when nobody has it.</summary>
    public string UserName(uint uid) => NameOf(_passwd, uid);

    /// <summary>The group's name, or the number in decimal when no group has it.</summary>
    public string GroupName(uint gid) => NameOf(_group, gid);

    private static string NameOf(CachedFile file, uint id)
    {
        foreach (var fields in file.Rows)
        {
            if (fields.Length >= 3 && TryId(fields[2], out var found) && found == id)
            {
                return fields[0];
            }
        }

        return id.ToString(CultureInfo.InvariantCulture);
    }

    private static bool TryId(string text, out uint id) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id);

    private uint[] GroupsOf(string name, uint primary)
    {
        var groups = new List<uint> { primary };
        foreach (var fields in _group.Rows)
        {
            if (fields.Length >= 4 && TryId(fields[2], out var gid) && gid != primary && fields[3].Split(',').Contains(name))
            {
                groups.Add(gid);
            }
        }

        return [.. groups];
    }

    /// <summary>A file of colon-separated lines, read again when it has changed.</summary>
    private sealed class CachedFile(string path)
    {
        private Snapshot? _read;

        public string[][] Rows
        {
            get
            {
                var file = new FileInfo(path);
                if (!file.Exists)
                {
                    return [];
                }

                var read = _read;
                if (read is null || read.Written != file.LastWriteTimeUtc || read.Length != file.Length)
                {
                    read = new Snapshot(file.LastWriteTimeUtc, file.Length, [.. File.ReadLines(path).Select(line => line.Split(':'))]);
                    _read = read;
                }

                return read.Rows;
            }
        }

        private sealed record Snapshot(DateTime Written, long Length, string[][] Rows);
    }
}
