namespace Alcove.Envd.Users;

/// <summary>How a path that a client names becomes one of this sandbox.</summary>
internal static class SandboxPath
{
    /// <summary>Empty: the default working directory. <c>~</c>: the user's home. Absolute: as it is. Relative: below the user's home, cleaned.</summary>
    /// <exception cref="ArgumentException">The path begins with somebody else's <c>~name</c>.</exception>
    public static string Resolve(string path, User user, string? defaultWorkdir) => throw new NotImplementedException(path + user + defaultWorkdir);
}
