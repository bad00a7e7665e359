using System.Net;
using Alcove.Connect;
using Alcove.Node.Sandboxes;
using Alcove.Protocol.Envd;
using Alcove.Protocol.Filesystem;
using Alcove.Protocol.Processes;
using Alcove.Runtime;
using Alcove.Runtime.Crun;
using Alcove.Runtime.Images;

namespace Alcove.Node.SelfTest;

/// <summary>How the test ended.</summary>
/// <param name="Works">Whether what was put away came back.</param>
/// <param name="Reason">Why not; empty when it works.</param>
/// <param name="LacksRoom">It could not be done, since there is no room for a sandbox.</param>
internal sealed record PauseTestResult(bool Works, string Reason, bool LacksRoom = false);

/// <summary>
/// Whether sandboxes can be paused on this machine, by doing it: one with an open connection, a process on a pseudo-terminal and an inotify
/// watch is put away and taken up again. Kernels, crun and criu differ in what they can do together.
/// </summary>
internal sealed partial class PauseTest(SandboxRuntime runtime, TemplateStore templates, DaemonInit daemon, TimeProvider time, ILogger<PauseTest> logger)
{
    private const string CaptureName = SandboxRuntime.SelfTestId;
    private const string Watched = "/tmp";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RoomPause = TimeSpan.FromSeconds(5);

    /// <summary>What happened to a file is told a moment later; on a busy machine not so soon.</summary>
    private static readonly TimeSpan WatchPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WatchPause = TimeSpan.FromMilliseconds(5);

    private static readonly ConnectMethod<StartRequest, StartResponse> Start = new("/process.Process/Start", StartRequest.Parser, StartResponse.Parser);
    private static readonly ConnectMethod<ListRequest, ListResponse> List = new("/process.Process/List", ListRequest.Parser, ListResponse.Parser);
    private static readonly ConnectMethod<CreateWatcherRequest, CreateWatcherResponse> Watch = new("/filesystem.Filesystem/CreateWatcher", CreateWatcherRequest.Parser, CreateWatcherResponse.Parser);
    private static readonly ConnectMethod<MakeDirRequest, MakeDirResponse> MakeDirectory = new("/filesystem.Filesystem/MakeDir", MakeDirRequest.Parser, MakeDirResponse.Parser);

    private static readonly ConnectMethod<GetWatcherEventsRequest, GetWatcherEventsResponse> Events =
        new("/filesystem.Filesystem/GetWatcherEvents", GetWatcherEventsRequest.Parser, GetWatcherEventsResponse.Parser);

    /// <value>Null until it has been done.</value>
    public PauseTestResult? Result { get; private set; }

    /// <summary>Again and again while there is no room for a sandbox on this machine: that says nothing of pauses.</summary>
    public async Task RunUntilThereIsRoomAsync(CancellationToken stoppingToken)
    {
        while ((await RunAsync()).LacksRoom && !stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(RoomPause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async Task<PauseTestResult> RunAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            Result = templates.All() is [var template, ..] ? await TestAsync(template, patience.Token) : new PauseTestResult(false, "there is no template to test it with yet");
        }
        catch (Exception e) when (e is RuntimeException or ConnectException or TimeoutException or OperationCanceledException)
        {
            Result = new PauseTestResult(false, e.Message, LacksRoom: e is RuntimeException { Failure: RuntimeFailure.NoCapacity });
        }
        finally
        {
            await runtime.EndAsync(SandboxRuntime.SelfTestId, incarnation: null);
            runtime.RemoveCapture(CaptureName);
        }

        Tested(logger, Result!.Works ? "works" : $"does not work: {Result.Reason}");
        return Result;
    }

    private async Task<PauseTestResult> TestAsync(Template template, CancellationToken cancellationToken)
    {
        runtime.RemoveCapture(CaptureName);
        var spec = new RunSpec(SandboxRuntime.SelfTestId, 1, template.TemplateId, [template.Digest], template.CpuCount, template.MemoryMiB, template.DiskMiB, string.Empty, AllowInternet: false);
        var before = await runtime.StartAsync(spec, from: null, ReadyAsync, cancellationToken);
        using var http = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false, ResponseDrainTimeout = TimeSpan.Zero });
        await using var process = RpcOf(http, before.Address).ServerStreamingAsync(
            Start, new StartRequest { Process = new ProcessConfig { Cmd = "/bin/cat" }, Pty = new PTY { Size = new PTY.Types.Size { Cols = 80, Rows = 24 } } }, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await process.MoveNextAsync();
        var watcher = await RpcOf(http, before.Address).UnaryAsync(Watch, new CreateWatcherRequest { Path = Watched }, cancellationToken);
        await runtime.CaptureAsync(spec.SandboxId, spec.Incarnation, CaptureName, withMemory: true, keepFrozen: true);
        await runtime.EndAsync(spec.SandboxId, spec.Incarnation);

        var after = await runtime.StartAsync(spec with { Incarnation = 2 }, new Restoration(CaptureName, WithMemory: true), ReadyAsync, cancellationToken);
        return await CheckAsync(RpcOf(http, after.Address), process.Current.Event.Start.Pid, watcher.WatcherId, cancellationToken);
    }

    private async Task<PauseTestResult> CheckAsync(ConnectClient rpc, uint pid, string watcher, CancellationToken cancellationToken)
    {
        if (!(await rpc.UnaryAsync(List, new ListRequest(), cancellationToken)).Processes.Any(process => process.Pid == pid))
        {
            return new PauseTestResult(false, "a process did not come back");
        }

        await rpc.UnaryAsync(MakeDirectory, new MakeDirRequest { Path = $"{Watched}/self-test" }, cancellationToken);
        for (var since = time.GetTimestamp(); time.GetElapsedTime(since) < WatchPatience; await Task.Delay(WatchPause, time, cancellationToken))
        {
            if ((await rpc.UnaryAsync(Events, new GetWatcherEventsRequest { WatcherId = watcher }, cancellationToken)).Events.Count > 0)
            {
                return new PauseTestResult(true, string.Empty);
            }
        }

        return new PauseTestResult(false, "a watch for files did not come back");
    }

    private Task ReadyAsync(Run run, CancellationToken cancellationToken) => daemon.RunAsync(run.Address, new InitRequest(DefaultUser: "root"), cancellationToken);

    private static ConnectClient RpcOf(HttpMessageInvoker http, IPAddress address) => new(http, new Uri($"http://{address}:{EnvdVersion.Port}"));

    [LoggerMessage(Level = LogLevel.Information, Message = "Pause {Result}")]
    private static partial void Tested(ILogger logger, string result);
}
