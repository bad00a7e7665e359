namespace Alcove.Protocol.Envd;

/// <summary>
/// What the host says a sandbox is: <c>/run/alcove/host.json</c>, bound read-only into it and rewritten by the node alone.
/// The daemon believes this file and nobody inside: it takes its sandbox id from it, and sets, rotates or clears its
/// access token only when the token's hash is the one in here.
/// </summary>
/// <param name="SandboxId">The sandbox.</param>
/// <param name="TemplateId">The template that it was made from.</param>
/// <param name="AccessTokenHash">SHA-512 of the access token (of the empty string when there is none), lower-case hex.</param>
public sealed record HostIdentity(string SandboxId, string TemplateId, string AccessTokenHash)
{
    /// <summary>Where the daemon finds it.</summary>
    public const string Path = "/run/alcove/host.json";
}
