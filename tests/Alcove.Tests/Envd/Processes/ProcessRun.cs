using System.Text;
using Alcove.Protocol.Processes;
using Xunit;

namespace Alcove.Tests.Envd.Processes;

/// <summary>A stream of a process's events, taken as far as a test wants.</summary>
public sealed class ProcessRun(IAsyncEnumerable<ProcessEvent> events)
{
    private readonly IAsyncEnumerator<ProcessEvent> _events = events.GetAsyncEnumerator(TestContext.Current.CancellationToken);
    private readonly StringBuilder _stdout = new();
    private readonly StringBuilder _stderr = new();

    public string Stdout => _stdout.ToString();

    public string Stderr => _stderr.ToString();

    /// <summary>Takes the first event.</summary>
    public async Task<ProcessSelector> StartedAsync()
    {
        Assert.True(await _events.MoveNextAsync());
        Assert.Equal(ProcessEvent.EventOneofCase.Start, _events.Current.EventCase);
        return new ProcessSelector { Pid = _events.Current.Start.Pid };
    }

    /// <summary>Takes events until the output, of pipes or a terminal, holds the text.</summary>
    public async Task SaysAsync(string text)
    {
        while (!Stdout.Contains(text, StringComparison.Ordinal))
        {
            Assert.True(await _events.MoveNextAsync(), $"ended after: {Stdout}");
            Take(_events.Current);
        }
    }

    /// <summary>Takes events until one is a sign of life.</summary>
    public async Task LivesAsync()
    {
        do
        {
            Assert.True(await _events.MoveNextAsync());
            Take(_events.Current);
        }
        while (_events.Current.EventCase != ProcessEvent.EventOneofCase.Keepalive);
    }

    /// <summary>Goes away without waiting for the end.</summary>
    public ValueTask LeaveAsync() => _events.DisposeAsync();

    /// <summary>Takes the rest, whose last event is the end.</summary>
    public async Task<ProcessEvent.Types.EndEvent> EndAsync()
    {
        ProcessEvent? last = null;
        while (await _events.MoveNextAsync())
        {
            last = _events.Current;
            Take(last);
        }

        Assert.Equal(ProcessEvent.EventOneofCase.End, last?.EventCase);
        return last!.End;
    }

    private void Take(ProcessEvent message)
    {
        if (message.EventCase == ProcessEvent.EventOneofCase.Data)
        {
            var data = message.Data;
            _ = data.OutputCase == ProcessEvent.Types.DataEvent.OutputOneofCase.Stderr
                ? _stderr.Append(data.Stderr.ToStringUtf8())
                : _stdout.Append((data.HasPty ? data.Pty : data.Stdout).ToStringUtf8());
        }
    }
}
