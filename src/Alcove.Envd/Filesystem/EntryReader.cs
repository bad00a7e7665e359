using Alcove.Envd.Files;
using Alcove.Envd.Linux;
using Alcove.Envd.Users;
using Alcove.Protocol.Filesystem;
using Google.Protobuf.WellKnownTypes;

namespace Alcove.Envd.Filesystem;

/// <summary>Describes paths to clients.</summary>
internal sealed class EntryReader(UserDatabase users)
{
    private const int PermissionBits = 0x1FF;

    /// <returns>Null when there is nothing at the path; a link that leads nowhere is something.</returns>
    public EntryInfo? Read(string path) => Read(path, out _);

    /// <returns>Null, with the error, when it cannot be looked at.</returns>
    public EntryInfo? Read(string path, out int error)
    {
        if (FileStatus.Read(path, follow: false, out error) is not { } status)
        {
            return null;
        }

        var target = status.IsLink ? FileStatus.Read(path, follow: true) : status;
        var entry = new EntryInfo
        {
            Name = PathText.Readable(Name(path)),
            Path = PathText.Readable(path),
            Type = TypeOf(target),
            Size = status.Size,
            Mode = (uint)((target?.Mode ?? 0) & PermissionBits),
            Permissions = Permissions.Format(status.Mode),
            Owner = users.UserName(status.Uid),
            Group = users.GroupName(status.Gid),
            ModifiedTime = new Timestamp { Seconds = status.ModifiedSeconds, Nanos = (int)status.ModifiedNanoseconds },
        };
        if (status.IsLink)
        {
            entry.SymlinkTarget = PathText.Readable(FileStatus.RealPath(path) ?? path);
        }

        if (target is not null)
        {
            entry.Metadata.Add(FileMetadata.Read(path));
        }

        return entry;
    }

    private static string Name(string path)
    {
        var trimmed = path.TrimEnd('/');
        return trimmed.Length == 0 ? "/" : trimmed[(trimmed.LastIndexOf('/') + 1)..];
    }

    private static FileType TypeOf(FileStatus? status) => status switch
    {
        { IsRegular: true } => FileType.File,
        { IsDirectory: true } => FileType.Directory,
        _ => FileType.Unspecified,
    };
}
