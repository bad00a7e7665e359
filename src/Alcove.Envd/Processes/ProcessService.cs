using Alcove.Connect;
using Alcove.Envd.Hosting;
using Alcove.Envd.Init;
using Alcove.Envd.Linux;
using Alcove.Envd.Metrics;
using Alcove.Envd.Users;
using Alcove.Protocol.Processes;

namespace Alcove.Envd.Processes;

/// <summary>The process service: starts, lists, connects to, feeds, resizes and signals processes.</summary>
internal sealed class ProcessService(Spawner spawner, ProcessTable table, DaemonStateHolder state, SystemEnvironment system, RequestUser users, OutOfMemoryCount outOfMemory, TimeProvider time)
{
    public void MapTo(ConnectRouter router) => router
        .Unary(Method("List", ListRequest.Parser, ListResponse.Parser), (_, _) => ValueTask.FromResult(List()))
        .ServerStreaming(Method("Start", StartRequest.Parser, StartResponse.Parser), StartAsync)
        .ServerStreaming(Method("Connect", ConnectRequest.Parser, ConnectResponse.Parser), ConnectAsync)
        .Unary(Method("Update", UpdateRequest.Parser, UpdateResponse.Parser), (request, _) => ValueTask.FromResult(Update(request)))
        .Unary(Method("SendInput", SendInputRequest.Parser, SendInputResponse.Parser), SendInputAsync)
        .ClientStreaming(Method("StreamInput", StreamInputRequest.Parser, StreamInputResponse.Parser), StreamInputAsync)
        .Unary(Method("SendSignal", SendSignalRequest.Parser, SendSignalResponse.Parser), (request, _) => ValueTask.FromResult(SendSignal(request)))
        .Unary(Method("CloseStdin", CloseStdinRequest.Parser, CloseStdinResponse.Parser), CloseStdinAsync);

    private static ConnectMethod<TRequest, TResponse> Method<TRequest, TResponse>(
        string name, Google.Protobuf.MessageParser<TRequest> request, Google.Protobuf.MessageParser<TResponse> response)
        where TRequest : Google.Protobuf.IMessage<TRequest>
        where TResponse : Google.Protobuf.IMessage<TResponse> => new($"/process.Process/{name}", request, response);

    private ListResponse List() => new() { Processes = { table.Living.Select(process => process.Info) } };

    private async Task StartAsync(StartRequest request, ConnectResponseStream<StartResponse> responses, ConnectContext context)
    {
        var spawn = Plan(request, context);
        SpawnedProcess spawned;
        try
        {
            spawned = await spawner.StartAsync(spawn);
        }
        catch (SpawnException e)
        {
            throw new ConnectException(ConnectCode.InvalidArgument, e.Message, e);
        }

        var process = new ManagedProcess(spawned, Describe(request, spawned.Pid), spawn.Terminal is not null, outOfMemory);
        using var subscription = process.Subscribe();
        table.Add(process, context.Timeout);
        await ForwardAsync(process, subscription, context, message => responses.WriteAsync(new StartResponse { Event = message }, context.CancellationToken));
    }

    private async Task ConnectAsync(ConnectRequest request, ConnectResponseStream<ConnectResponse> responses, ConnectContext context)
    {
        var process = table.Find(request.Process);
        using var subscription = process.Subscribe();
        await ForwardAsync(process, subscription, context, message => responses.WriteAsync(new ConnectResponse { Event = message }, context.CancellationToken));
    }

    /// <summary>The start, then everything until the end; a sign of life whenever the process has been silent for a while.</summary>
    private async Task ForwardAsync(ManagedProcess process, OutputFanout.Subscription subscription, ConnectContext context, Func<ProcessEvent, ValueTask> send)
    {
        var interval = Keepalive.Interval(context.Http.Request);
        await send(new ProcessEvent { Start = new ProcessEvent.Types.StartEvent { Pid = (uint)process.Pid } });
        await Keepalive.ForwardAsync(
            subscription.Events, send, () => send(new ProcessEvent { Keepalive = new ProcessEvent.Types.KeepAlive() }), interval, time, context.CancellationToken);
    }

    private UpdateResponse Update(UpdateRequest request)
    {
        var process = table.FindLiving(request.Process);
        if (request.Pty is not null)
        {
            process.Resize(request.Pty.Size ?? new PTY.Types.Size());
        }

        return new UpdateResponse();
    }

    private async ValueTask<SendInputResponse> SendInputAsync(SendInputRequest request, ConnectContext context)
    {
        await table.FindLiving(request.Process).WriteAsync(request.Input ?? new ProcessInput(), context.CancellationToken);
        return new SendInputResponse();
    }

    private async ValueTask<StreamInputResponse> StreamInputAsync(IAsyncEnumerable<StreamInputRequest> requests, ConnectContext context)
    {
        ManagedProcess? process = null;
        await foreach (var request in requests)
        {
            switch (request.EventCase)
            {
                case StreamInputRequest.EventOneofCase.Start:
                    process = table.FindLiving(request.Start.Process);
                    break;
                case StreamInputRequest.EventOneofCase.Data when process is not null:
                    await process.WriteAsync(request.Data.Input ?? new ProcessInput(), context.CancellationToken);
                    break;
                case StreamInputRequest.EventOneofCase.Data:
                    throw new ConnectException(ConnectCode.InvalidArgument, "data before a start that names the process");
                case StreamInputRequest.EventOneofCase.Keepalive:
                    break;
                default:
                    throw new ConnectException(ConnectCode.Unimplemented, "invalid event type");
            }
        }

        return new StreamInputResponse();
    }

    private SendSignalResponse SendSignal(SendSignalRequest request)
    {
        var process = table.FindLiving(request.Process);
        if (request.Signal is not (Signal.Sigterm or Signal.Sigkill))
        {
            throw new ConnectException(ConnectCode.Unimplemented, $"invalid signal: {request.Signal}");
        }

        var error = process.Signal((int)request.Signal);
        return error is 0 ? new SendSignalResponse() : throw new ConnectException(ConnectCode.Internal, $"error sending signal: {Errno.Describe(error)}");
    }

    private async ValueTask<CloseStdinResponse> CloseStdinAsync(CloseStdinRequest request, ConnectContext context)
    {
        await table.FindLiving(request.Process).CloseStdinAsync(context.CancellationToken);
        return new CloseStdinResponse();
    }

    /// <exception cref="ConnectException">The user, the working directory or the command cannot be.</exception>
    private SpawnRequest Plan(StartRequest request, ConnectContext context)
    {
        var config = request.Process ?? new ProcessConfig();
        if (config.Cmd.Length == 0)
        {
            throw new ConnectException(ConnectCode.InvalidArgument, "process.cmd is required");
        }

        if (config.Args.Append(config.Cmd).Concat(config.Envs.Keys).Concat(config.Envs.Values).Any(word => word.Contains('\0', StringComparison.Ordinal)))
        {
            throw new ConnectException(ConnectCode.InvalidArgument, "a command, its arguments and its environment cannot contain a zero byte");
        }

        var current = state.Current;
        var user = users.Of(context.Http);
        var size = request.Pty?.Size ?? new PTY.Types.Size();
        return new SpawnRequest(
            config.Cmd,
            config.Args,
            ProcessEnvironment.Build(user, current, system, config.Envs),
            WorkingDirectory(config, user, current),
            user,
            request.Pty is null ? null : ((ushort)size.Cols, (ushort)size.Rows),
            Stdin: !request.HasStdin || request.Stdin);
    }

    private static string WorkingDirectory(ProcessConfig config, User user, DaemonState state)
    {
        try
        {
            var path = SandboxPath.Resolve(config.Cwd, user, state.DefaultWorkdir);
            return Directory.Exists(path) ? path : throw new ConnectException(ConnectCode.InvalidArgument, $"cwd '{path}' does not exist");
        }
        catch (ArgumentException e)
        {
            throw new ConnectException(ConnectCode.InvalidArgument, e.Message, e);
        }
    }

    private static ProcessInfo Describe(StartRequest request, int pid)
    {
        var info = new ProcessInfo { Config = request.Process, Pid = (uint)pid };
        if (request.HasTag)
        {
            info.Tag = request.Tag;
        }

        return info;
    }
}
