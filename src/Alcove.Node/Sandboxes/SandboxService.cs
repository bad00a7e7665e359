using Alcove.Connect;
using Alcove.Protocol.Envd;
using Alcove.Protocol.Nodes;
using Alcove.Protocol.Sandboxes;
using Alcove.Runtime;
using Alcove.Runtime.Crun;
using Google.Protobuf.WellKnownTypes;

namespace Alcove.Node.Sandboxes;

/// <summary>Creates, kills and lists runs for the control plane.</summary>
internal sealed partial class SandboxService(SandboxRuntime runtime, DaemonInit daemon, TimeProvider time, ILogger<SandboxService> logger)
{
    private const int MostCpus = 64;
    private const int MostMemoryMiB = 1 << 20;
    private const int MostDiskMiB = 1 << 22;

    public void MapTo(ConnectRouter router) => router
        .Unary(NodeMethods.CreateSandbox, CreateAsync)
        .Unary(NodeMethods.KillSandbox, KillAsync)
        .Unary(NodeMethods.SetEnd, async (request, _) => new SetEndResponse { IsThere = await runtime.SetEndAsync(request.SandboxId, request.Incarnation, request.EndAt.ToDateTimeOffset()) })
        .Unary(NodeMethods.ListSandboxes, (_, _) => ValueTask.FromResult(new ListSandboxesResponse { Sandboxes = { runtime.Runs.Select(Describe) } }));

    private async ValueTask<SandboxRun> CreateAsync(CreateSandboxRequest request, ConnectContext context)
    {
        Check(request);
        var since = time.GetTimestamp();
        var spec = new RunSpec(
            request.SandboxId, request.Incarnation, request.TemplateId, [.. request.Layers], (int)request.CpuCount, (int)request.MemoryMib, (int)request.DiskMib,
            request.AccessToken, request.AllowInternetAccess);
        try
        {
            var run = await runtime.StartAsync(spec, From(request), (started, cancellationToken) => daemon.RunAsync(started.Address, Init(request), cancellationToken), context.CancellationToken);
            var milliseconds = time.GetElapsedTime(since).TotalMilliseconds;
            Created(logger, request.SandboxId, milliseconds);
            return Describe(run);
        }
        catch (RuntimeException e)
        {
            CreateFailed(logger, request.SandboxId, e);
            throw Failures.Explain(e);
        }
    }

    private async ValueTask<KillSandboxResponse> KillAsync(KillSandboxRequest request, ConnectContext context)
    {
        var removed = await runtime.EndAsync(request.SandboxId, request.Incarnation == 0 ? null : request.Incarnation);
        Killed(logger, request.SandboxId, removed);
        return new KillSandboxResponse { Removed = removed };
    }

    private static Restoration? From(CreateSandboxRequest request) => request.CaptureId.Length == 0 ? null : new Restoration(request.CaptureId, request.WithMemory);

    private InitRequest Init(CreateSandboxRequest request) => new(
        request.AccessToken is { Length: > 0 } token ? token : null,
        time.GetUtcNow(),
        request is { WithMemory: true, EnvVars.Count: 0 } ? null : new Dictionary<string, string>(request.EnvVars),
        request.DefaultUser,
        request.DefaultWorkdir,
        $"{request.SandboxId}-{request.Incarnation}");

    private static void Check(CreateSandboxRequest request)
    {
        if (!SandboxId.TryParse(request.SandboxId, out _))
        {
            throw Invalid($"sandbox_id '{request.SandboxId}' is none");
        }

        if (request.Incarnation == 0)
        {
            throw Invalid("incarnation is required");
        }

        if (request.CpuCount is 0 or > MostCpus || request.MemoryMib is 0 or > MostMemoryMiB || request.DiskMib is 0 or > MostDiskMiB)
        {
            throw Invalid($"cpu_count {request.CpuCount}, memory_mib {request.MemoryMib} or disk_mib {request.DiskMib} is out of range");
        }
    }

    private static SandboxRun Describe(Run run) => new()
    {
        SandboxId = run.SandboxId,
        Incarnation = run.Incarnation,
        Address = run.Address.ToString(),
        State = run.State switch
        {
            RunPhase.Starting => RunState.Starting,
            RunPhase.Running => RunState.Running,
            RunPhase.Frozen => RunState.Frozen,
            RunPhase.Ending => RunState.Ending,
        },
        StartedAt = run.StartedAt is { } started ? Timestamp.FromDateTimeOffset(started) : null,
        EnvdVersion = EnvdVersion.Current,
        PendingCapture = run.PendingCapture ?? string.Empty,
    };

    private static ConnectException Invalid(string message) => new(ConnectCode.InvalidArgument, message);

    [LoggerMessage(Level = LogLevel.Information, Message = "Sandbox {SandboxId} runs, after {Milliseconds:0} ms")]
    private static partial void Created(ILogger logger, string sandboxId, double milliseconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Sandbox {SandboxId} could not be created")]
    private static partial void CreateFailed(ILogger logger, string sandboxId, Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "Sandbox {SandboxId} killed: {Removed}")]
    private static partial void Killed(ILogger logger, string sandboxId, bool removed);
}
