using Alcove.Connect;
using Alcove.Envd.Metrics;
using Alcove.Envd.Processes;
using Alcove.Protocol.Processes;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Alcove.Tests.Envd.Processes;

/// <summary>With processes that end when a test says so.</summary>
public sealed class ProcessTableTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly ProcessTable _table;

    public ProcessTableTests() => _table = new ProcessTable(_time);

    [Fact]
    public async Task Find_EndedProcess_IsThereForHalfAMinute()
    {
        var exit = Add(7_000_001, "tag");
        var process = _table.Find(new ProcessSelector { Pid = 7_000_001 });
        using var subscription = process.Subscribe();
        exit.SetResult(0x0300);
        Assert.Equal(3, (await subscription.Events.ReadAsync(TestContext.Current.CancellationToken)).End.ExitCode);

        Assert.Empty(_table.Living);
        Assert.Throws<ConnectException>(() => _table.FindLiving(new ProcessSelector { Pid = 7_000_001 }));
        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.Same(process, _table.Find(new ProcessSelector { Tag = "tag" }));
        while (Knows("tag"))
        {
            _time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    [Fact]
    public async Task Add_PidOrTagOfAnEndedOne_TakesItsPlace()
    {
        var exit = Add(7_000_001, "same");
        using var subscription = _table.Find(new ProcessSelector { Tag = "same" }).Subscribe();
        exit.SetResult(0);
        await subscription.Events.ReadAsync(TestContext.Current.CancellationToken);
        Add(7_000_002, "same");
        Assert.Equal(7_000_002, _table.Find(new ProcessSelector { Tag = "same" }).Pid);
        Assert.Throws<ConnectException>(() => _table.Find(new ProcessSelector { Pid = 7_000_001 }));
    }

    [Fact]
    public void Find_TagAmongOthers_IsFoundWhereverItStands()
    {
        for (var i = 0; i < 20; i++)
        {
            Add(7_000_001 + i, $"tag-{i}");
        }

        Assert.All(Enumerable.Range(0, 20), i => Assert.Equal(7_000_001 + i, _table.Find(new ProcessSelector { Tag = $"tag-{i}" }).Pid));
        Assert.Equal(20, _table.Living.Count());
    }

    private bool Knows(string tag)
    {
        try
        {
            return _table.Find(new ProcessSelector { Tag = tag }) is not null;
        }
        catch (ConnectException)
        {
            return false;
        }
    }

    private TaskCompletionSource<int> Add(int pid, string tag)
    {
        var exit = new TaskCompletionSource<int>();
        var spawned = new SpawnedProcess(pid, exit.Task, Stdin: null, Outputs: [], Terminal: null);
        _table.Add(new ManagedProcess(spawned, new ProcessInfo { Pid = (uint)pid, Tag = tag, Config = new ProcessConfig() }, hasTerminal: false, new OutOfMemoryCount("/no/such/cgroup")), lifetime: null);
        return exit;
    }
}
