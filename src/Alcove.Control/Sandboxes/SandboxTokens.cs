using System.Security.Cryptography;
using System.Text;
using Alcove.Control.Secrets;
using Alcove.Protocol.Sandboxes;

namespace Alcove.Control.Sandboxes;

/// <summary>A sandbox's tokens, derived from the installation's seed and its id: nothing to store, and the same for all its runs.</summary>
public sealed class SandboxTokens(InstallationSecrets secrets)
{
    /// <summary>What the daemon wants of its callers.</summary>
    public string Envd(SandboxId id) => Derive(id.Value);

    /// <summary>What private ingress wants of its callers.</summary>
    public string Traffic(SandboxId id) => Derive("sandbox-traffic-" + id.Value);

    private string Derive(string name) => Convert.ToHexStringLower(HMACSHA256.HashData(secrets.Seed, Encoding.UTF8.GetBytes(name)));
}
