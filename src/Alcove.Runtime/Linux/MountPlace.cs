namespace Alcove.Runtime.Linux;

/// <summary>A mount: where, of what, and which kind of file system.</summary>
public sealed record MountPlace(string MountPoint, string Device, string FileSystem);
