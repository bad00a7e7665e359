namespace Alcove.Envd.Users;

/// <summary>An account of the sandbox's passwd database.</summary>
/// <param name="Name">Login name.</param>
/// <param name="Uid">User id.</param>
/// <param name="Gid">Primary group id.</param>
/// <param name="Home">Home directory: what relative paths are relative to.</param>
/// <param name="Groups">Supplementary group ids, the primary one included.</param>
internal sealed record User(string Name, uint Uid, uint Gid, string Home, uint[] Groups);
