using System.Text;
using Alcove.Connect;
using Alcove.Envd.Init;
using Alcove.Envd.Users;

namespace Alcove.Envd.Hosting;

/// <summary>Whom a request is for: the user part of Basic authorization (the password says nothing), else the default user.</summary>
internal sealed class RequestUser(UserDatabase users, DaemonStateHolder state)
{
    private const string Scheme = "Basic ";

    /// <summary>The name in the header; null when it has none.</summary>
    public static string? NameIn(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(header[Scheme.Length..].Trim())).Split(':')[0];
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>Whether the header, if there is one, names somebody.</summary>
    public bool IsKnown(string name) => users.Find(name) is not null;

    /// <exception cref="ConnectException">The default user does not exist.</exception>
    public User Of(HttpContext http)
    {
        var named = NameIn(http.Request);
        var name = named ?? state.Current.DefaultUser;
        return users.Find(name) ?? throw new ConnectException(
            ConnectCode.Unauthenticated, named is null ? $"invalid default user: '{name}'" : $"invalid username: '{name}'");
    }
}
