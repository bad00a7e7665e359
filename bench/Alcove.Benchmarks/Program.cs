using System.Diagnostics;
using System.Globalization;
using Alcove.Benchmarks;

// Both in turn, so that a busy moment of the machine meets both; medians, and their ratio.
var rounds = args is [_, var count, ..] ? int.Parse(count, CultureInfo.InvariantCulture) : 20;
IPlatform alcove = new AlcovePlatform(), podman = new PodmanPlatform(args[0]);
Console.WriteLine($"median of {rounds}, ms                 Alcove     podman      ratio");
await CompareAsync("create to first command", rounds, setUp: null, async (platform, _) =>
{
    var id = await platform.CreateAsync();
    await platform.RunAsync(id);
    return id;
});
await CompareAsync("a command", rounds, SandboxAsync, (platform, id) => NothingAsync(platform.RunAsync(id!)));
foreach (var (name, size) in ((string, int)[])[("1 MiB", 1 << 20), ("256 MiB", 256 << 20)])
{
    var data = new byte[size];
    Random.Shared.NextBytes(data);
    await CompareAsync($"{name} up", rounds, SandboxAsync, (platform, id) => NothingAsync(platform.UploadAsync(id!, data)));
    await CompareAsync($"{name} down", rounds, async platform =>
    {
        var id = await platform.CreateAsync();
        await platform.UploadAsync(id, data);
        return id;
    }, (platform, id) => NothingAsync(platform.DownloadAsync(id!, size)));
}

static Task<string> SandboxAsync(IPlatform platform) => platform.CreateAsync();

async Task CompareAsync(string name, int times, Func<IPlatform, Task<string>>? setUp, Func<IPlatform, string?, Task<string?>> act)
{
    var shared = new Dictionary<IPlatform, string>();
    var seen = new Dictionary<IPlatform, List<double>> { [alcove] = [], [podman] = [] };
    foreach (var platform in seen.Keys)
    {
        if (setUp is not null)
        {
            shared[platform] = await setUp(platform);
        }
    }

    for (var round = 0; round <= times; round++)
    {
        foreach (var (platform, samples) in seen)
        {
            var since = Stopwatch.GetTimestamp();
            var made = await act(platform, shared.GetValueOrDefault(platform));
            var took = Stopwatch.GetElapsedTime(since).TotalMilliseconds;
            if (round > 0)
            {
                samples.Add(took); // the first round warms up
            }

            if (made is not null)
            {
                await platform.RemoveAsync(made);
            }
        }
    }

    foreach (var (platform, id) in shared)
    {
        await platform.RemoveAsync(id);
    }

    var (ours, theirs) = (Median(seen[alcove]), Median(seen[podman]));
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-32} {ours,10:0.0} {theirs,10:0.0} {ours / theirs,10:0.00}"));
}

// What makes nothing leaves nothing to remove.
static async Task<string?> NothingAsync(Task act)
{
    await act;
    return null;
}

static double Median(List<double> samples) => samples.Order().ElementAt(samples.Count / 2);
