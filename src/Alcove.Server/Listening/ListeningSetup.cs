using System.Net.Security;
using System.Text;
using Alcove.Protocol;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Alcove.Server.Listening;

/// <summary>Makes Kestrel answer HTTP/1.1, h2c and TLS on each of the server's two ports.</summary>
internal static class ListeningSetup
{
    public static WebApplicationBuilder AddListening(this WebApplicationBuilder builder, ListeningOptions options)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton<ICertificateSource>(CreateCertificates);
        builder.Services.AddSingleton<SocketTransportFactory>();
        builder.Services.AddSingleton<SharedPortFactory>();
        builder.Services.AddSingleton<Drain>();
        builder.Services.AddSingleton<IConnectionListenerFactory>(services => services.GetRequiredService<SharedPortFactory>());
        builder.WebHost.ConfigureKestrel(Configure);
        return builder;
    }

    /// <summary>Before everything that answers.</summary>
    public static WebApplication UseDrain(this WebApplication app)
    {
        var drain = app.Services.GetRequiredService<Drain>();
        app.Use(next => context => drain.InvokeAsync(context, next));
        return app;
    }

    private static ICertificateSource CreateCertificates(IServiceProvider services)
    {
        var options = services.GetRequiredService<ListeningOptions>();
        var time = services.GetRequiredService<TimeProvider>();
        return options is { CertificatePath: { } certificate, KeyPath: { } key }
            ? new GivenCertificate(certificate, key, time, services.GetRequiredService<ILogger<GivenCertificate>>())
            : new IssuedCertificates(CertificateAuthority.Load(options.TlsDirectory, time), options.Addresses, time);
    }

    private static void Configure(KestrelServerOptions kestrel)
    {
        SetLimits(kestrel);

        // Made here rather than at the first handshake, so that files that cannot be used stop the start.
        var certificates = kestrel.ApplicationServices.GetRequiredService<ICertificateSource>();
        foreach (var port in Enum.GetValues<ServerPort>())
        {
            kestrel.Listen(new WireEndPoint(port, Wire.Http1), listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Listen(new WireEndPoint(port, Wire.Http2), listen => listen.Protocols = HttpProtocols.Http2);
            kestrel.Listen(new WireEndPoint(port, Wire.Tls), listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(new TlsHandshakeCallbackOptions
                {
                    OnConnection = handshake => ValueTask.FromResult(new SslServerAuthenticationOptions
                    {
                        ServerCertificateContext = certificates.For(handshake.ClientHelloInfo.ServerName),
                        ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
                    }),
                });
            });
        }
    }

    private static void SetLimits(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;

        // Streams may be silent for hours, and clients may be slow.
        kestrel.Limits.MinRequestBodyDataRate = null;
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(620);
        kestrel.Limits.Http2.MaxStreamsPerConnection = 100;

        kestrel.Limits.MaxRequestLineSize = RequestLimits.Line;
        kestrel.Limits.MaxRequestHeadersTotalSize = RequestLimits.Headers;
        kestrel.Limits.MaxRequestHeaderCount = RequestLimits.HeaderCount;

        // Headers pass through byte by byte, whatever their encoding.
        kestrel.RequestHeaderEncodingSelector = _ => Encoding.Latin1;
        kestrel.ResponseHeaderEncodingSelector = _ => Encoding.Latin1;
    }
}
