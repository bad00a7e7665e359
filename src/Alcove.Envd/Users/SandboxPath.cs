namespace Alcove.Envd.Users;

/// <summary>How a path that a client names becomes one of this sandbox.</summary>
internal static class SandboxPath
{
    /// <summary>Empty: the default working directory. <c>~</c>: the user's home. Absolute: as it is. Relative: below the user's home, cleaned.</summary>
    /// <exception cref="ArgumentException">The path begins with somebody else's <c>~name</c>, or holds a zero byte.</exception>
    public static string Resolve(string path, User user, string? defaultWorkdir)
    {
        if (path.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException("a path cannot contain a zero byte");
        }

        if (path.Length == 0)
        {
            path = defaultWorkdir ?? string.Empty;
        }

        if (path == "~" || path.StartsWith("~/", StringComparison.Ordinal))
        {
            return Clean(user.Home + path[1..]);
        }

        if (path.StartsWith('~'))
        {
            throw new ArgumentException("cannot expand user-specific home dir");
        }

        return path.StartsWith('/') ? path : Clean($"{user.Home}/{path}");
    }

    /// <summary>Without <c>.</c>, <c>..</c> and doubled slashes, by the text alone: no link is followed.</summary>
    public static string Clean(string path)
    {
        var parts = new List<string>();
        foreach (var part in path.Split('/'))
        {
            switch (part)
            {
                case "" or ".":
                    break;
                case "..":
                    if (parts.Count > 0)
                    {
                        parts.RemoveAt(parts.Count - 1);
                    }

                    break;
                default:
                    parts.Add(part);
                    break;
            }
        }

        return "/" + string.Join('/', parts);
    }
}
