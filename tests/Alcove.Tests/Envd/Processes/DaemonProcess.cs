using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Alcove.Connect;
using Alcove.Protocol.Processes;
using Google.Protobuf;
using Xunit;

namespace Alcove.Tests.Envd.Processes;

/// <summary>The daemon as a process of its own, since it reaps every child of the process that it is.</summary>
public sealed class DaemonProcess : IAsyncLifetime
{
    private readonly string _run = Directory.CreateTempSubdirectory("alcove-envd-").FullName;
    private readonly HttpClient _http = new(new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero });
    private Process? _daemon;

    public async ValueTask InitializeAsync()
    {
        var port = FreePort();
        _http.BaseAddress = new Uri($"http://127.0.0.1:{port}");
        _daemon = Process.Start(Path.Combine(AppContext.BaseDirectory, "envd"), ["--port", port.ToString(CultureInfo.InvariantCulture), "--run", _run]);
        while (!await AnswersAsync())
        {
            Assert.False(_daemon.HasExited, "the daemon ended instead of answering");
        }
    }

    public Task<TResponse> CallAsync<TResponse>(string method, IMessage request, MessageParser<TResponse> responses)
        where TResponse : IMessage<TResponse> => request switch
        {
            ListRequest list => CallAsync(method, list, ListRequest.Parser, responses),
            SendInputRequest input => CallAsync(method, input, SendInputRequest.Parser, responses),
            CloseStdinRequest close => CallAsync(method, close, CloseStdinRequest.Parser, responses),
            SendSignalRequest signal => CallAsync(method, signal, SendSignalRequest.Parser, responses),
            UpdateRequest update => CallAsync(method, update, UpdateRequest.Parser, responses),
            _ => throw new ArgumentException($"no parser for {request.Descriptor.Name}"),
        };

    public ProcessRun Start(StartRequest request, TimeSpan? timeout = null) => new(
        Client().ServerStreamingAsync(new ConnectMethod<StartRequest, StartResponse>("/process.Process/Start", StartRequest.Parser, StartResponse.Parser), request, timeout, TestContext.Current.CancellationToken)
            .Select(response => response.Event));

    /// <summary>A shell script, without standard input.</summary>
    public ProcessRun Shell(string script, string? tag = null, TimeSpan? timeout = null)
    {
        var request = new StartRequest { Process = new ProcessConfig { Cmd = "sh", Args = { "-c", script } }, Stdin = false };
        if (tag is not null)
        {
            request.Tag = tag;
        }

        return Start(request, timeout);
    }

    public ProcessRun Connect(ProcessSelector selector) => new(
        Client().ServerStreamingAsync(
            new ConnectMethod<ConnectRequest, ConnectResponse>("/process.Process/Connect", ConnectRequest.Parser, ConnectResponse.Parser), new ConnectRequest { Process = selector }, TestContext.Current.CancellationToken)
            .Select(response => response.Event));

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (_daemon is not null)
        {
            _daemon.Kill();
            await _daemon.WaitForExitAsync();
            _daemon.Dispose();
        }

        Directory.Delete(_run, recursive: true);
    }

    private Task<TResponse> CallAsync<TRequest, TResponse>(string method, TRequest request, MessageParser<TRequest> requests, MessageParser<TResponse> responses)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse> =>
        Client().UnaryAsync(new ConnectMethod<TRequest, TResponse>($"/process.Process/{method}", requests, responses), request, TestContext.Current.CancellationToken);

    private ConnectClient Client() => new(_http, _http.BaseAddress!);

    private async Task<bool> AnswersAsync()
    {
        try
        {
            using var answer = await _http.GetAsync(new Uri("/health", UriKind.Relative));
            return answer.StatusCode == HttpStatusCode.NoContent;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
