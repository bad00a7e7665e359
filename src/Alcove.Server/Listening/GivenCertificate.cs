using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Alcove.Server.Listening;

/// <summary>The certificate that the operator names; when its files change, the next handshakes show the new one.</summary>
internal sealed partial class GivenCertificate : ICertificateSource
{
    /// <summary>How often the files' times are looked at, at most: renewals are days apart, handshakes may be microseconds apart.</summary>
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(10);

    private readonly string _certificatePath;
    private readonly string _keyPath;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private volatile SslStreamCertificateContext _context;
    private (DateTime Certificate, DateTime Key) _written;
    private long _looked;

    /// <exception cref="InvalidOperationException">The files cannot be used; the message names the settings.</exception>
    public GivenCertificate(string certificatePath, string keyPath, TimeProvider time, ILogger<GivenCertificate> logger)
    {
        (_certificatePath, _keyPath, _time, _logger) = (certificatePath, keyPath, time, logger);
        _looked = time.GetTimestamp();
        _written = WriteTimes();
        try
        {
            _context = Read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new InvalidOperationException($"{ListeningOptions.CertificateSetting}={certificatePath} with {ListeningOptions.KeySetting}={keyPath}: {e.Message}", e);
        }
    }

    public SslStreamCertificateContext For(string? serverName)
    {
        if (_time.GetElapsedTime(Volatile.Read(ref _looked)) >= LookAgainAfter)
        {
            Look();
        }

        return _context;
    }

    private void Look()
    {
        lock (_lock)
        {
            Volatile.Write(ref _looked, _time.GetTimestamp());
            var written = WriteTimes();
            if (written == _written)
            {
                return;
            }

            try
            {
                _context = Read();
                _written = written;
                Renewed(_certificatePath);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
            {
                // Perhaps only one of the two files has been replaced so far: the old pair stays until both fit.
                NotRenewed(e, _certificatePath);
            }
        }
    }

    private SslStreamCertificateContext Read()
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(_certificatePath);
        var certificate = X509Certificate2.CreateFromPemFile(_certificatePath, _keyPath);
        return SslStreamCertificateContext.Create(certificate, chain, offline: true);
    }

    private (DateTime Certificate, DateTime Key) WriteTimes() => (File.GetLastWriteTimeUtc(_certificatePath), File.GetLastWriteTimeUtc(_keyPath));

    [LoggerMessage(LogLevel.Information, "The TLS certificate in {Path} was renewed")]
    private partial void Renewed(string path);

    [LoggerMessage(LogLevel.Warning, "The TLS certificate in {Path} has changed and cannot be used; the one before stays")]
    private partial void NotRenewed(Exception exception, string path);
}
