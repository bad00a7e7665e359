namespace Alcove.Protocol.Envd;

/// <summary>Body of <c>POST /init</c>, sent to the daemon by its node after every start and every resume. All of it is optional.</summary>
/// <param name="AccessToken">The new access token; absent clears it. Empty, or with a backslash: 400.</param>
/// <param name="Timestamp">The host's clock: sets the sandbox's, and a request older than the newest applied one changes nothing.</param>
/// <param name="EnvVars">Replaces all user-level global environment variables; absent leaves them.</param>
/// <param name="DefaultUser">Who processes and files belong to where a request names nobody.</param>
/// <param name="DefaultWorkdir">Where processes start when a request names no directory.</param>
/// <param name="LifecycleID">Which run this is.</param>
public sealed record InitRequest(
    string? AccessToken = null,
    DateTimeOffset? Timestamp = null,
    Dictionary<string, string>? EnvVars = null,
    string? DefaultUser = null,
    string? DefaultWorkdir = null,
    string? LifecycleID = null);
