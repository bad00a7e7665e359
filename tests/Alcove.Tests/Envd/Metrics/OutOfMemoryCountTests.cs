using Alcove.Envd.Metrics;
using Xunit;

namespace Alcove.Tests.Envd.Metrics;

public sealed class OutOfMemoryCountTests : IDisposable
{
    private readonly string _cgroup = Directory.CreateTempSubdirectory("alcove-cgroup-").FullName;

    public void Dispose() => Directory.Delete(_cgroup, recursive: true);

    [Theory]
    [InlineData("memory.events", "low 0\noom 9\noom_kill {0}\n")]
    [InlineData("memory/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill {0}\n")]
    public void Read_CountStartsAgain_GoesOnRising(string file, string text)
    {
        var path = Path.Combine(_cgroup, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var count = new OutOfMemoryCount(_cgroup);
        Assert.Equal([0, 2, 2, 2, 3], ((int?[])[null, 2, 2, 0, 1]).Select(ReadAfter));

        long ReadAfter(int? shown)
        {
            if (shown is { } kills)
            {
                File.WriteAllText(path, string.Format(System.Globalization.CultureInfo.InvariantCulture, text, kills));
            }

            return count.Read();
        }
    }
}
