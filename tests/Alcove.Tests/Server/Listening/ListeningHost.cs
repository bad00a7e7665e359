using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Alcove.Server.Listening;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Alcove.Tests.Server.Listening;

/// <summary>A real Kestrel on free loopback ports that says how each request reached it: <c>Traffic HTTP/2 https</c>.</summary>
internal sealed class ListeningHost : IAsyncDisposable
{
    /// <summary>Of the answer to <c>/held</c>, in bytes: more than a connection has rented already.</summary>
    public const int HeldLength = 1 << 20;

    private readonly WebApplication _app;
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("alcove-listening-");

    private ListeningHost(Func<ListeningOptions, ListeningOptions> change, TimeProvider? time)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (time is not null)
        {
            builder.Services.AddSingleton(time);
        }

        builder.AddListening(change(new ListeningOptions { ApiPort = 0, TrafficPort = 0, TlsDirectory = TlsDirectory }));
        _app = builder.Build();
        _app.UseDrain();
        _app.Run(AnswerAsync);
    }

    /// <value>The answer to <c>/held</c> begins at once and goes on when this is done.</value>
    public TaskCompletionSource Held { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string TlsDirectory => Path.Combine(_home.FullName, "server", "tls");

    public static async Task<ListeningHost> StartAsync(Func<ListeningOptions, ListeningOptions>? change = null, TimeProvider? time = null)
    {
        var host = new ListeningHost(change ?? (options => options), time);
        try
        {
            await host._app.StartAsync(TestContext.Current.CancellationToken);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }

        return host;
    }

    public IReadOnlyList<IPEndPoint> EndPointsOf(ServerPort port) => _app.Services.GetRequiredService<SharedPortFactory>().EndPointsOf(port);

    public async Task<Socket> ConnectAsync(ServerPort port = ServerPort.Traffic)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(EndPointsOf(port)[0], TestContext.Current.CancellationToken);
        return socket;
    }

    public Task StopAsync() => _app.StopAsync(TestContext.Current.CancellationToken);

    /// <summary>GET <c>/</c>, over TLS verified against the authority's certificate as <c>curl --cacert</c> does it.</summary>
    public async Task<string> GetAsync(string scheme, Version version, ServerPort port, string host = "localhost", IPEndPoint? endPoint = null)
    {
        using var client = CreateClient(port, endPoint);
        using var response = await SendAsync(client, scheme, version, host, "/");
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    /// <returns>When the answer's headers are there.</returns>
    public static async Task<HttpResponseMessage> SendAsync(HttpClient client, string scheme, Version version, string host, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{scheme}://{host}{path}") { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    public HttpClient CreateClient(ServerPort port, IPEndPoint? endPoint = null) =>
        new(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(endPoint ?? EndPointsOf(port)[0], cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
            SslOptions = TrustOf(TlsDirectory),
        });

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _home.Delete(recursive: true);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Path != "/held")
        {
            await context.Response.WriteAsync($"{context.GetServerPort()} {context.Request.Protocol} {context.Request.Scheme}");
            return;
        }

        await context.Response.Body.FlushAsync();
        await Held.Task.WaitAsync(context.RequestAborted);
        await context.Response.WriteAsync(new string('x', HeldLength));
    }

    private static SslClientAuthenticationOptions TrustOf(string tlsDirectory)
    {
        var path = Path.Combine(tlsDirectory, "ca.crt");
        return !File.Exists(path) ? new() : new()
        {
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(path) },
                RevocationMode = X509RevocationMode.NoCheck,
            },
        };
    }
}
