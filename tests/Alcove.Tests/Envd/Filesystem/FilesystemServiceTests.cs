using Alcove.Connect;
using Alcove.Envd.Filesystem;
using Alcove.Envd.Users;
using Alcove.Protocol.Filesystem;
using Alcove.Tests.Envd.Hosting;
using Xunit;

namespace Alcove.Tests.Envd.Filesystem;

public sealed class FilesystemServiceTests
{
    [Fact]
    public async Task ListDir_Depths_AddOneLevelEach()
    {
        await using var host = await FilesHost.StartAsync();
        Directory.CreateDirectory(host.InHome("b/c"));
        host.InHome("b/c/d", "x");
        host.InHome("a", "x");
        Assert.Equal(["a", "b"], await NamesAsync(host, 0));
        Assert.Equal(["a", "b"], await NamesAsync(host, 1));
        Assert.Equal(["a", "b", "c"], await NamesAsync(host, 2));
        Assert.Equal(["a", "b", "c", "d"], await NamesAsync(host, 3));
    }

    [Fact]
    public async Task Stat_FileLinkAndBrokenLink_AreDescribed()
    {
        await using var host = await FilesHost.StartAsync();
        var file = host.InHome("a", "hello");
        File.SetUnixFileMode(file, (UnixFileMode)0x1A4);
        File.CreateSymbolicLink(host.InHome("l"), file);
        File.CreateSymbolicLink(host.InHome("broken"), "/nowhere/at/all");
        var entry = await StatAsync(host, "a");
        Assert.Equal((file, "a", FileType.File, 5, 0x1A4u, "-rw-r--r--", "me", "us"), (entry.Path, entry.Name, entry.Type, entry.Size, entry.Mode, entry.Permissions, entry.Owner, entry.Group));
        var link = await StatAsync(host, "l");
        Assert.Equal((FileType.File, "Lrwxrwxrwx", file), (link.Type, link.Permissions, link.SymlinkTarget));
        var broken = await StatAsync(host, "broken");
        Assert.Equal((FileType.Unspecified, 0u, broken.Path), (broken.Type, broken.Mode, broken.SymlinkTarget));
    }

    [Fact]
    public async Task ListDir_FileAndDirectory_AreDescribedAsStatDoes()
    {
        await using var host = await FilesHost.StartAsync();
        Directory.CreateDirectory(host.InHome("mixed/inner"));
        File.SetUnixFileMode(host.InHome("mixed/file", "hello"), (UnixFileMode)0x1A4);
        var list = (await host.CallAsync("ListDir", new ListDirRequest { Path = "mixed", Depth = 1 }, ListDirRequest.Parser, ListDirResponse.Parser)).Entries;
        Assert.Equal([host.InHome("mixed/file"), host.InHome("mixed/inner")], list.Select(entry => entry.Path));
        Assert.Equal([await StatAsync(host, "mixed/file"), await StatAsync(host, "mixed/inner")], list);
        Assert.Equal((FileType.Directory, 0x1EDu, "drwxr-xr-x", "me", "us"), (list[1].Type, list[1].Mode, list[1].Permissions, list[1].Owner, list[1].Group));
    }

    [Fact]
    public async Task MakeDirMoveRemove_Errors_HaveTheirCodes()
    {
        await using var host = await FilesHost.StartAsync();
        host.InHome("file", "x");
        Assert.Equal("drwxr-xr-x", (await MakeAsync(host, "x/y")).Entry.Permissions);
        Assert.Equal(ConnectCode.AlreadyExists, await CodeAsync(MakeAsync(host, "x/y")));
        Assert.Equal(ConnectCode.InvalidArgument, await CodeAsync(MakeAsync(host, "file")));
        Assert.Equal(ConnectCode.Internal, await CodeAsync(MakeAsync(host, "file/y")));
        Assert.Equal(ConnectCode.NotFound, await CodeAsync(host.CallAsync("Move", new MoveRequest { Source = "no", Destination = "z" }, MoveRequest.Parser, MoveResponse.Parser)));
        Assert.Equal(host.InHome("n/z"), (await host.CallAsync("Move", new MoveRequest { Source = "file", Destination = "n/z" }, MoveRequest.Parser, MoveResponse.Parser)).Entry.Path);
        await RemoveAsync(host, "x");
        await RemoveAsync(host, "x");
        Assert.False(Directory.Exists(host.InHome("x")));
        Assert.Equal(ConnectCode.NotFound, await CodeAsync(StatAsync(host, "x")));
    }

    [Fact]
    public async Task Remove_Nothing_IsRefused()
    {
        await using var host = await FilesHost.StartAsync();
        Assert.Equal(ConnectCode.InvalidArgument, await CodeAsync(RemoveAsync(host, string.Empty)));
    }

    /// <remarks>Not through the door: whoever breaks the guard should lose a test, not a machine.</remarks>
    [Theory]
    [InlineData("/", true)]
    [InlineData("/./", true)]
    [InlineData("/../..", true)]
    [InlineData("/proc/self/root/.", true)]
    [InlineData("/proc/self/root", false)]
    [InlineData("/tmp", false)]
    public void IsRoot_Paths_AreSeenThrough(string path, bool expected) => Assert.Equal(expected, FilesystemService.IsRoot(path));

    [Fact]
    public async Task Watcher_Polled_ReportsUntilRemoved()
    {
        await using var host = await FilesHost.StartAsync();
        var id = (await host.CallAsync("CreateWatcher", new CreateWatcherRequest { Path = ".", Recursive = true }, CreateWatcherRequest.Parser, CreateWatcherResponse.Parser)).WatcherId;
        Assert.Matches("^w[a-z0-9]{20}$", id);
        Assert.Empty((await EventsAsync(host, id)).Events);
        Directory.CreateDirectory(host.InHome("sub/deep"));
        host.InHome("sub/deep/file", "x");
        var seen = new List<FilesystemEvent>();
        while (!seen.Any(e => e.Name == "sub/deep/file" && e.Type == EventType.Create))
        {
            seen.AddRange((await EventsAsync(host, id)).Events);
        }

        Assert.Equal(("sub", EventType.Create), (seen[0].Name, seen[0].Type));
        await host.CallAsync("RemoveWatcher", new RemoveWatcherRequest { WatcherId = id }, RemoveWatcherRequest.Parser, RemoveWatcherResponse.Parser);
        Assert.Equal(ConnectCode.NotFound, await CodeAsync(EventsAsync(host, id)));
    }

    [Fact(Timeout = 60_000)]
    public async Task Watcher_DirectoryRenamedAgainAndAgain_LosesNothingInIt()
    {
        await using var host = await FilesHost.StartAsync();
        Directory.CreateDirectory(host.InHome("d0/deep"));
        using var watcher = new DirectoryWatcher(host.Home, recursive: true, includeEntry: false, new EntryReader(new UserDatabase()));
        const int Rounds = 100;
        for (var i = 0; i < Rounds; i++)
        {
            Directory.Move(host.InHome($"d{i}"), host.InHome($"d{i + 1}"));
            host.InHome($"d{i + 1}/deep/file{i}", "x");
        }

        var seen = new HashSet<string>();
        while (!seen.Contains($"d{Rounds}/deep/file{Rounds - 1}"))
        {
            var happened = await watcher.Events.ReadAsync(TestContext.Current.CancellationToken);
            if (happened.Type == EventType.Create)
            {
                seen.Add(happened.Name);
            }
        }

        Assert.All(Enumerable.Range(0, Rounds), i => Assert.Contains($"d{i + 1}/deep/file{i}", seen));
    }

    [Fact(Timeout = 60_000)]
    public async Task Watcher_DirectoryThatLeaves_IsWatchedNoMore()
    {
        await using var host = await FilesHost.StartAsync();
        Directory.CreateDirectory(host.InHome("in/deep"));
        using var watcher = new DirectoryWatcher(host.Home, recursive: true, includeEntry: false, new EntryReader(new UserDatabase()));
        Directory.Move(host.InHome("in"), $"{host.Root}/out");
        File.WriteAllText($"{host.Root}/out/deep/file", "x");
        host.InHome("last", "x");

        var seen = new List<string>();
        do
        {
            seen.Add((await watcher.Events.ReadAsync(TestContext.Current.CancellationToken)).Name);
        }
        while (seen[^1] != "last");
        Assert.Equal(["in", "last"], seen);
    }

    [Fact(Timeout = 60_000)]
    public async Task Watcher_OfTheRootHoweverItIsWritten_Reports()
    {
        var name = $"alcove-root-{Guid.NewGuid():n}";
        var watchers = new WatcherTable(new EntryReader(new UserDatabase()));
        using var watcher = watchers.Open("//", recursive: false, includeEntry: false, allowNetworkMounts: true);
        Directory.CreateDirectory($"/{name}");
        Directory.Delete($"/{name}");
        while ((await watcher.Events.ReadAsync(TestContext.Current.CancellationToken)).Name != name)
        {
            // Others may make something there too.
        }
    }

    private static async Task<List<string>> NamesAsync(FilesHost host, uint depth) =>
        [.. (await host.CallAsync("ListDir", new ListDirRequest { Path = ".", Depth = depth }, ListDirRequest.Parser, ListDirResponse.Parser)).Entries.Select(entry => entry.Name)];

    private static async Task<EntryInfo> StatAsync(FilesHost host, string path) =>
        (await host.CallAsync("Stat", new StatRequest { Path = path }, StatRequest.Parser, StatResponse.Parser)).Entry;

    private static Task<MakeDirResponse> MakeAsync(FilesHost host, string path) => host.CallAsync("MakeDir", new MakeDirRequest { Path = path }, MakeDirRequest.Parser, MakeDirResponse.Parser);

    private static Task<RemoveResponse> RemoveAsync(FilesHost host, string path) => host.CallAsync("Remove", new RemoveRequest { Path = path }, RemoveRequest.Parser, RemoveResponse.Parser);

    private static Task<GetWatcherEventsResponse> EventsAsync(FilesHost host, string id) =>
        host.CallAsync("GetWatcherEvents", new GetWatcherEventsRequest { WatcherId = id }, GetWatcherEventsRequest.Parser, GetWatcherEventsResponse.Parser);

    private static async Task<ConnectCode> CodeAsync(Task call) => (await Assert.ThrowsAsync<ConnectException>(() => call)).Code;
}
