using System.Globalization;
using Alcove.Benchmarks;

if (args is not [var socket, var home, var count, var machine, var only] || !int.TryParse(count, CultureInfo.InvariantCulture, out var rounds))
{
    Console.Error.WriteLine("usage: Alcove.Benchmarks PODMAN-SOCKET ALCOVE-HOME ROUNDS MACHINE podman|pause|daemon|all; `make bench` does it all");
    return 2;
}

var alcove = new AlcovePlatform();
Report.Head(machine, rounds);
foreach (var (name, measure) in ((string, Func<Task>)[])[("podman", BesidePodmanAsync), ("pause", BesideCrunAsync), ("daemon", DaemonAsync)])
{
    if (only == name || only == "all")
    {
        await measure();
    }
}

return 0;

async Task BesidePodmanAsync()
{
    var comparison = new Comparison(alcove, new PodmanPlatform(socket), rounds);
    Report.Section("podman");
    var create = await comparison.CreateAsync();
    Report.Row("create → first command", create, ("faster than podman", create.Alcove.Median < create.Podman.Median));
    var command = await comparison.OnRunningAsync((_, _) => Task.CompletedTask, (platform, id) => platform.RunAsync(id));
    Report.Row("a command", command, ("< 15 ms", command.Alcove.Median < 15));
    foreach (var mebibytes in (int[])[1, 256])
    {
        var file = new byte[mebibytes << 20];
        Random.Shared.NextBytes(file);
        var packed = new Dictionary<Type, byte[]>();
        Report.Row($"{mebibytes} MiB up", await comparison.OnRunningAsync(Pack, (platform, id) => platform.UploadAsync(id, packed[platform.GetType()])));
        Report.Row($"{mebibytes} MiB down", await comparison.OnRunningAsync(
            (platform, id) => platform.UploadAsync(id, packed[platform.GetType()]),
            (platform, id) => platform.DownloadAsync(id, file.Length)));

        Task Pack(IPlatform platform, string id)
        {
            packed[platform.GetType()] = platform.Pack(file);
            return Task.CompletedTask;
        }
    }
}

async Task BesideCrunAsync()
{
    foreach (var (name, load) in ((string, string?)[])[("idle", null), ("256 MB", "exec python3 -c 'b = bytearray(bytes([1])) * (256 << 20); import time; time.sleep(1e6)'")])
    {
        var seen = await new PauseComparison(alcove, home, rounds).MeasureAsync(load);
        Report.Section($"bare crun, {name}");
        var (checkpoint, restore) = (seen.BareCheckpoint.Median, seen.BareRestore.Median);
        Report.Row("pause : checkpoint", seen.Pause, checkpoint, most: 2);
        Report.Row("resume → first command : restore", seen.Resume, restore, most: 2);
        Report.Row("snapshot, source stands still : checkpoint", seen.Still, checkpoint, most: 1.5);
        Report.Row("fork of 1 : checkpoint and restore", seen.ForkOne, checkpoint + restore);
        Report.Row("fork of 10 : checkpoint and 10 restores", seen.ForkMany, checkpoint + (10 * restore));
    }
}

async Task DaemonAsync()
{
    var figures = new DaemonFigures(alcove, home);
    var disk = figures.MegabytesOnDisk();
    var (memory, start) = await figures.MeasureAsync(rounds);
    Console.WriteLine();
    Report.Daemon("daemon: on disk", $"{Report.Number(disk)} MB", ("<= 20 MB", disk <= 20));
    Report.Daemon("daemon: resident when idle in a sandbox", $"{Report.Number(memory.Median)} MB", ("<= 20 MB", memory.Median <= 20));
    Report.Daemon("daemon: container's start → daemon initialised", $"{Report.Number(start.Median)} ms", ("<= 60 ms", start.Median <= 60));
}
