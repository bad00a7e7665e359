using System.Net;
using System.Net.Security;

namespace Alcove.Server.Listening;

/// <summary>Certificates of our own authority, one for each name that clients ask for: they refuse a wildcard directly under <c>.localhost</c>.</summary>
internal sealed class IssuedCertificates : ICertificateSource, IDisposable
{
    /// <summary>How many names are remembered; a sandbox has one for each of its ports that is used. One more costs 0.2 ms, not memory.</summary>
    private const int Capacity = 1024;

    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(90);

    private readonly CertificateAuthority _authority;
    private readonly IReadOnlyCollection<IPAddress> _addresses;
    private readonly TimeProvider _time;
    private readonly RecentlyUsed<string, Issued> _byName = new(Capacity);

    /// <param name="authority">Signs them; disposed with this.</param>
    /// <param name="listening">The addresses that the certificate for clients without a name must hold for.</param>
    /// <param name="time">The clock that certificates run out by.</param>
    public IssuedCertificates(CertificateAuthority authority, IEnumerable<IPAddress> listening, TimeProvider time)
    {
        _authority = authority;
        _addresses = [.. listening.Where(IsOne).Union([IPAddress.Loopback, IPAddress.IPv6Loopback])];
        _time = time;
    }

    public SslStreamCertificateContext For(string? serverName)
    {
        // What is no name gets the certificate of those who give none, and decides for itself whether it likes it.
        var name = ServerName.TryNormalize(serverName, out var normal) ? normal : string.Empty;
        var now = _time.GetUtcNow();
        if (_byName.TryGet(name, out var known) && now < known.RenewAt)
        {
            return known.Context;
        }

        var certificate = name.Length > 0
            ? _authority.Issue([name], [], now, Lifetime)
            : _authority.Issue(["localhost"], _addresses, now, Lifetime);
        var issued = new Issued(SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true), now + (Lifetime / 2));
        _byName.Put(name, issued);
        return issued.Context;
    }

    public void Dispose() => _authority.Dispose();

    private static bool IsOne(IPAddress address) => !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any);

    private sealed record Issued(SslStreamCertificateContext Context, DateTimeOffset RenewAt);
}
