using System.Globalization;
using Alcove.Benchmarks;

if (args is not [var socket, var home, var count, var machine] || !int.TryParse(count, CultureInfo.InvariantCulture, out var rounds))
{
    Console.Error.WriteLine("usage: Alcove.Benchmarks PODMAN-SOCKET ALCOVE-HOME ROUNDS MACHINE; `make bench` does it all");
    return 2;
}

var alcove = new AlcovePlatform();
var comparison = new Comparison(alcove, new PodmanPlatform(socket), rounds);
Report.Head(machine, rounds);

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

var figures = new DaemonFigures(alcove, home);
var disk = figures.MegabytesOnDisk();
var (memory, start) = await figures.MeasureAsync(rounds);
Console.WriteLine();
Report.Daemon("daemon: on disk", $"{Report.Number(disk)} MB", ("<= 20 MB", disk <= 20));
Report.Daemon("daemon: resident when idle in a sandbox", $"{Report.Number(memory.Median)} MB", ("<= 20 MB", memory.Median <= 20));
Report.Daemon("daemon: container's start → daemon initialised", $"{Report.Number(start.Median)} ms", ("<= 60 ms", start.Median <= 60));
return 0;
