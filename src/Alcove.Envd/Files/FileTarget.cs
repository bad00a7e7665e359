using Alcove.Envd.Init;
using Alcove.Envd.Users;

namespace Alcove.Envd.Files;

/// <summary>Whose files a request means, and where paths of it lead.</summary>
internal sealed record FileTarget(User User, DaemonState State)
{
    /// <remarks>The name is from a body or the query; null stands for the default user.</remarks>
    /// <exception cref="FilesException">There is no such user.</exception>
    public static FileTarget For(string? named, UserDatabase users, DaemonState state)
    {
        var name = named ?? state.DefaultUser;
        var user = users.Find(name) ?? throw new FilesException(StatusCodes.Status401Unauthorized, $"error looking up user '{name}': unknown user {name}");
        return new FileTarget(user, state);
    }

    /// <exception cref="FilesException">The path cannot be one of this sandbox.</exception>
    public string Resolve(string path)
    {
        try
        {
            return SandboxPath.Resolve(path, User, State.DefaultWorkdir);
        }
        catch (ArgumentException e)
        {
            throw new FilesException(StatusCodes.Status400BadRequest, e.Message, e);
        }
    }
}
