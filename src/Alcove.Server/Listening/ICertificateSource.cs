using System.Net.Security;

namespace Alcove.Server.Listening;

/// <summary>Where a TLS handshake gets its certificate from: files that were given, or an authority of our own.</summary>
internal interface ICertificateSource
{
    /// <summary>The certificate, key and chain to show a client.</summary>
    /// <param name="serverName">The name it asked for (SNI); null or empty when it asked for none, as for an IP address.</param>
    SslStreamCertificateContext For(string? serverName);
}
