using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Alcove.Connect;
using Alcove.Protocol.Processes;
using Alcove.Tests.Connect;
using Google.Protobuf;
using Xunit;

namespace Alcove.Tests.Envd.Processes;

/// <summary>The daemon as a process of its own, since it reaps every child of the process that it is.</summary>
public class DaemonProcess : IAsyncLifetime
{
    private readonly string _run = Directory.CreateTempSubdirectory("alcove-envd-").FullName;
    private readonly HttpClient _http = new(new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero });
    private Process? _daemon;

    public async ValueTask InitializeAsync()
    {
        var port = FreePort();
        _http.BaseAddress = new Uri($"http://127.0.0.1:{port}");
        _daemon = Process.Start(Program(["--port", port.ToString(CultureInfo.InvariantCulture), "--run", _run]))!;
        Started(_daemon);
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

    /// <param name="request">What to start.</param>
    /// <param name="timeout">Of the process. The daemon alone keeps it, so that a slow machine does not end the stream before it has begun.</param>
    /// <param name="user">Whose it is; null for the daemon's default.</param>
    /// <param name="keepalive">Seconds of silence after which to be told so.</param>
    public ProcessRun Start(StartRequest request, TimeSpan? timeout = null, string? user = null, int? keepalive = null) => new(
        Client(
            ("Connect-Timeout-Ms", timeout?.TotalMilliseconds.ToString(CultureInfo.InvariantCulture)),
            ("Authorization", user is null ? null : "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(user + ":"))),
            ("Keepalive-Ping-Interval", keepalive?.ToString(CultureInfo.InvariantCulture)))
            .ServerStreamingAsync(new ConnectMethod<StartRequest, StartResponse>("/process.Process/Start", StartRequest.Parser, StartResponse.Parser), request, TestContext.Current.CancellationToken)
            .Select(response => response.Event));

    /// <summary>Feeds a process over one request, to its end.</summary>
    /// <returns>The end of the answer.</returns>
    public async Task<string> StreamInputAsync(params StreamInputRequest[] messages)
    {
        using var request = Wire.Request("/process.Process/StreamInput", Wire.ProtoStream, [.. messages.SelectMany(message => Frame.Of(message).Bytes)]);
        using var answer = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        return (await answer.FramesAsync())[^1].Text;
    }

    public async Task<string> GetAsync(string path) => await _http.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

    public int Pid => _daemon!.Id;

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
        GC.SuppressFinalize(this);
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

    /// <summary>How the daemon is run.</summary>
    protected virtual ProcessStartInfo Program(string[] arguments) => new(Path.Combine(AppContext.BaseDirectory, "envd"), arguments);

    protected virtual void Started(Process daemon)
    {
    }

    private ConnectClient Client(params (string Name, string? Value)[] headers) => new(new HeaderInvoker(_http, headers), _http.BaseAddress!);

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

    private sealed class HeaderInvoker(HttpClient http, (string Name, string? Value)[] headers) : HttpMessageInvoker(new SocketsHttpHandler())
    {
        public override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            foreach (var (name, value) in headers.Where(header => header.Value is not null))
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }

            return http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
    }
}
