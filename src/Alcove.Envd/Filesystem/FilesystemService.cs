using Alcove.Connect;
using Alcove.Envd.Files;
using Alcove.Envd.Hosting;
using Alcove.Envd.Init;
using Alcove.Envd.Linux;
using Alcove.Envd.Users;
using Alcove.Protocol.Filesystem;
using Google.Protobuf;

namespace Alcove.Envd.Filesystem;

/// <summary>The filesystem service: describes, lists, makes, moves, removes and watches.</summary>
internal sealed class FilesystemService(EntryReader entries, RequestUser users, DaemonStateHolder state, WatcherTable watchers, TimeProvider time)
{
    public void MapTo(ConnectRouter router) => router
        .Unary(Method("Stat", StatRequest.Parser, StatResponse.Parser), Answering<StatRequest, StatResponse>((request, context) => Stat(Resolve(request.Path, context))))
        .Unary(Method("ListDir", ListDirRequest.Parser, ListDirResponse.Parser), Answering<ListDirRequest, ListDirResponse>((request, context) => List(Resolve(request.Path, context), request.Depth)))
        .Unary(Method("MakeDir", MakeDirRequest.Parser, MakeDirResponse.Parser), Answering<MakeDirRequest, MakeDirResponse>((request, context) => Make(Resolve(request.Path, context), users.Of(context.Http))))
        .Unary(Method("Move", MoveRequest.Parser, MoveResponse.Parser), Answering<MoveRequest, MoveResponse>((request, context) => Move(Resolve(request.Source, context), Resolve(request.Destination, context), users.Of(context.Http))))
        .Unary(Method("Remove", RemoveRequest.Parser, RemoveResponse.Parser), Answering<RemoveRequest, RemoveResponse>((request, context) => Remove(request.Path, Resolve(request.Path, context))))
        .Unary(Method("CreateWatcher", CreateWatcherRequest.Parser, CreateWatcherResponse.Parser), Answering<CreateWatcherRequest, CreateWatcherResponse>(CreateWatcher))
        .Unary(Method("GetWatcherEvents", GetWatcherEventsRequest.Parser, GetWatcherEventsResponse.Parser), Answering<GetWatcherEventsRequest, GetWatcherEventsResponse>((request, _) => new GetWatcherEventsResponse { Events = { watchers.TakeEvents(request.WatcherId) } }))
        .Unary(Method("RemoveWatcher", RemoveWatcherRequest.Parser, RemoveWatcherResponse.Parser), Answering<RemoveWatcherRequest, RemoveWatcherResponse>((request, _) => RemoveWatcher(request)))
        .ServerStreaming(Method("WatchDir", WatchDirRequest.Parser, WatchDirResponse.Parser), WatchAsync);

    private static ConnectMethod<TRequest, TResponse> Method<TRequest, TResponse>(string name, MessageParser<TRequest> request, MessageParser<TResponse> response)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse> => new($"/filesystem.Filesystem/{name}", request, response);

    /// <summary>Turns what files do into the codes that it stands for.</summary>
    private static Func<TRequest, ConnectContext, ValueTask<TResponse>> Answering<TRequest, TResponse>(Func<TRequest, ConnectContext, TResponse> act) => (request, context) =>
    {
        try
        {
            return ValueTask.FromResult(act(request, context));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConnectException(ConnectCode.Internal, e.Message, e);
        }
    };

    private string Resolve(string path, ConnectContext context)
    {
        try
        {
            return SandboxPath.Resolve(path, users.Of(context.Http), state.Current.DefaultWorkdir);
        }
        catch (ArgumentException e)
        {
            throw new ConnectException(ConnectCode.InvalidArgument, e.Message, e);
        }
    }

    private static ConnectException Unreadable(string path, int error, string missing) => Errno.IsMissing(error)
        ? new ConnectException(ConnectCode.NotFound, $"{missing}: {path}")
        : new ConnectException(ConnectCode.Internal, $"error looking at {path}: {Errno.Describe(error)}");

    private StatResponse Stat(string path) => new()
    {
        Entry = entries.Read(path, out var error) ?? throw Unreadable(path, error, "file not found"),
    };

    private ListDirResponse List(string path, uint depth)
    {
        var status = FileStatus.Read(path, follow: true, out var error);
        if (status is null)
        {
            throw error == Errno.TooManyLinks
                ? new ConnectException(ConnectCode.FailedPrecondition, $"cyclic symlink or chain >255 links at {path}")
                : Unreadable(path, error, "path not found");
        }

        return status.Value.IsDirectory
            ? new ListDirResponse { Entries = { new DirectoryWalk(entries).Entries(path, Math.Max(1, depth)) } }
            : throw new ConnectException(ConnectCode.InvalidArgument, $"path is not a directory: {path}");
    }

    private MakeDirResponse Make(string path, User user)
    {
        if (FileStatus.Read(path, follow: true) is { } status)
        {
            throw status.IsDirectory
                ? new ConnectException(ConnectCode.AlreadyExists, $"directory already exists: {path}")
                : new ConnectException(ConnectCode.InvalidArgument, $"path already exists but it is not a directory: {path}");
        }

        Ownership.MakeDirectories(path, user);
        return new MakeDirResponse { Entry = entries.Read(path) };
    }

    private MoveResponse Move(string source, string destination, User user)
    {
        if (FileStatus.Read(source, follow: false, out var error) is null)
        {
            throw Unreadable(source, error, "source file not found");
        }

        var slash = destination.TrimEnd('/').LastIndexOf('/');
        Ownership.MakeDirectories(slash > 0 ? destination[..slash] : "/", user);
        return Libc.Rename(source, destination) == 0
            ? new MoveResponse { Entry = entries.Read(destination) }
            : throw LinuxException.Last($"error renaming {source} to {destination}");
    }

    private static RemoveResponse Remove(string requested, string path)
    {
        if (requested.Length == 0 || IsRoot(path))
        {
            throw new ConnectException(ConnectCode.InvalidArgument, requested.Length == 0 ? "path is required" : "the root directory cannot be removed");
        }

        Removal.Remove(path.TrimEnd('/'));
        return new RemoveResponse();
    }

    /// <summary>By its text, or by a link in the middle of it that leads there; a link at its end is only a link.</summary>
    internal static bool IsRoot(string path) =>
        SandboxPath.Clean(path) == "/" || (FileStatus.Read(path.TrimEnd('/'), follow: false) is { IsDirectory: true } && FileStatus.RealPath(path) == "/");

    private CreateWatcherResponse CreateWatcher(CreateWatcherRequest request, ConnectContext context) => new()
    {
        WatcherId = watchers.Add(Resolve(request.Path, context), request.Recursive, request.IncludeEntry, request.AllowNetworkMounts),
    };

    private RemoveWatcherResponse RemoveWatcher(RemoveWatcherRequest request)
    {
        watchers.Remove(request.WatcherId);
        return new RemoveWatcherResponse();
    }

    private async Task WatchAsync(WatchDirRequest request, ConnectResponseStream<WatchDirResponse> responses, ConnectContext context)
    {
        var interval = Keepalive.Interval(context.Http.Request);
        using var watcher = watchers.Open(Resolve(request.Path, context), request.Recursive, request.IncludeEntry, request.AllowNetworkMounts);
        await responses.WriteAsync(new WatchDirResponse { Start = new WatchDirResponse.Types.StartEvent() }, context.CancellationToken);
        await Keepalive.ForwardAsync(
            watcher.Events,
            message => responses.WriteAsync(new WatchDirResponse { Filesystem = message }, context.CancellationToken),
            () => responses.WriteAsync(new WatchDirResponse { Keepalive = new WatchDirResponse.Types.KeepAlive() }, context.CancellationToken),
            interval,
            time,
            context.CancellationToken);
    }
}
