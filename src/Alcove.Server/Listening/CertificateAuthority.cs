using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Alcove.Server.Listening;

/// <summary>An authority of this installation's own: made once, trusted by whoever is given its certificate.</summary>
internal sealed class CertificateAuthority : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode WorldReadable = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode WorldSearchable = WorldReadable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>Ten years: nobody renews the trust in a machine they run at home.</summary>
    private static readonly TimeSpan AuthorityLifetime = TimeSpan.FromDays(3652);

    /// <summary>Clocks differ, and a sandbox's or a phone's may be behind ours.</summary>
    private static readonly TimeSpan Backdating = TimeSpan.FromDays(1);

    private readonly X509Certificate2 _certificate;

    private CertificateAuthority(X509Certificate2 certificate) => _certificate = certificate;

    /// <summary>Reads <c>ca.crt</c> and <c>ca.key</c>, or makes them where they are missing, do not fit together or have run out.</summary>
    /// <exception cref="IOException">The directory cannot be read or written.</exception>
    public static CertificateAuthority Load(string directory, TimeProvider time)
    {
        var certificatePath = Path.Combine(directory, "ca.crt");
        var keyPath = Path.Combine(directory, "ca.key");
        if (Read(certificatePath, keyPath) is { } known)
        {
            if (known.NotAfter.ToUniversalTime() > time.GetUtcNow())
            {
                return new CertificateAuthority(known);
            }

            known.Dispose();
        }

        var made = Make(time.GetUtcNow());
        Directory.CreateDirectory(directory, WorldSearchable);
        using (var key = made.GetECDsaPrivateKey()!)
        {
            WriteWhole(keyPath, key.ExportPkcs8PrivateKeyPem(), OwnerOnly);
        }

        WriteWhole(certificatePath, made.ExportCertificatePem(), WorldReadable);
        return new CertificateAuthority(made);
    }

    /// <summary>A certificate and its key for a server that answers to these names and addresses.</summary>
    public X509Certificate2 Issue(IReadOnlyCollection<string> names, IReadOnlyCollection<IPAddress> addresses, DateTimeOffset now, TimeSpan lifetime)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Alcove", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], critical: false));
        request.CertificateExtensions.Add(AlternativeNames(names, addresses));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        using var certificate = request.Create(_certificate, now - Backdating, Earlier(now + lifetime, _certificate.NotAfter), RandomNumberGenerator.GetBytes(16));
        return certificate.CopyWithPrivateKey(key);
    }

    public void Dispose() => _certificate.Dispose();

    private static X509Certificate2 Make(DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        // A name of its own: a client that trusts two installations must not try one's key on the other's signature.
        var name = $"CN=Alcove authority {RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return request.CreateSelfSigned(now - Backdating, now + AuthorityLifetime);
    }

    private static X509Certificate2? Read(string certificatePath, string keyPath)
    {
        if (!File.Exists(certificatePath) || !File.Exists(keyPath))
        {
            return null;
        }

        try
        {
            return X509Certificate2.CreateFromPemFile(certificatePath, keyPath);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static X509Extension AlternativeNames(IReadOnlyCollection<string> names, IReadOnlyCollection<IPAddress> addresses)
    {
        var builder = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            builder.AddDnsName(name);
        }

        foreach (var address in addresses)
        {
            builder.AddIpAddress(address);
        }

        return builder.Build();
    }

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    /// <summary>Writes a file that is there whole or not at all.</summary>
    private static void WriteWhole(string path, string text, UnixFileMode mode)
    {
        var unfinished = path + ".new";
        File.Delete(unfinished);
        using (var file = new StreamWriter(new FileStream(unfinished, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = OwnerOnly,
        })))
        {
            file.WriteLine(text);
        }

        // The mode at creation is less the umask, and others must be able to read the certificate.
        File.SetUnixFileMode(unfinished, mode);
        File.Move(unfinished, path, overwrite: true);
    }
}
