using Alcove.Control.Storage;

namespace Alcove.Server.Auth;

/// <summary>Which credentials a route accepts.</summary>
internal enum Access
{
    /// <summary>A team's key, or the admin token with a team.</summary>
    Team,

    /// <summary>Those, or a user's access token.</summary>
    TeamOrToken,

    /// <summary>A user's access token.</summary>
    User,

    /// <summary>A user of an identity provider; none is configured.</summary>
    IdentityProvider,

    /// <summary>The admin token.</summary>
    Admin,

    /// <summary>Anybody.</summary>
    Open,
}

/// <summary>Marks a route.</summary>
/// <param name="Access">Whose it is.</param>
/// <param name="ForBlocked">Whether a blocked team may still use it: reading and cleaning up.</param>
internal sealed record AccessMetadata(Access Access, bool ForBlocked);

/// <summary>Who sent the request.</summary>
/// <param name="Team">The team that it is for; null for an admin alone.</param>
/// <param name="Teams">All teams of the user, when a user's token was sent.</param>
internal sealed record Caller(TeamRow? Team, IReadOnlyList<TeamRow> Teams)
{
    public static TeamRow TeamOf(HttpContext http) => http.Features.Get<Caller>()!.Team!;
}

/// <summary>Says of routes whose they are.</summary>
internal static class AccessConventions
{
    public static T RequireAccess<T>(this T route, Access access, bool forBlocked = false)
        where T : IEndpointConventionBuilder => route.WithMetadata(new AccessMetadata(access, forBlocked));
}
