using System.Diagnostics;
using Alcove.Runtime;
using Alcove.Runtime.Linux;
using Alcove.Runtime.Processes;
using Xunit;

namespace Alcove.Tests.Runtime;

public sealed class ChildProcessTests
{
    [Fact]
    public async Task Arguments_AreNeverShellText() =>
        Assert.Equal("$(id);`id`|x", await ChildProcess.ShellAsync("printf %s \"$1\"", ["$(id);`id`|x"], TestContext.Current.CancellationToken));

    [Fact]
    public async Task Failed_SaysProgramCodeAndWhatItSaid()
    {
        var failure = await Assert.ThrowsAsync<RuntimeException>(() => ChildProcess.ShellAsync("echo reason >&2; exit 7", [], TestContext.Current.CancellationToken));

        Assert.Equal("/bin/sh ended with 7: reason", failure.Message);
    }

    [Fact]
    public async Task Missing_IsNotReady()
    {
        var failure = await Assert.ThrowsAsync<RuntimeException>(() => ChildProcess.RunAsync("/nowhere/program", [], null, TestContext.Current.CancellationToken));

        Assert.Equal(RuntimeFailure.NotReady, failure.Failure);
    }

    [Fact]
    public async Task Cancelled_TheProgramHasEnded()
    {
        using var directory = new TemporaryDirectory();
        using var cancelled = new CancellationTokenSource();
        var fifo = $"{directory.Path}/fifo";
        await ChildProcess.RunAsync("mkfifo", [fifo], null, TestContext.Current.CancellationToken);
        var running = ChildProcess.ShellAsync("echo $$ >\"$1\"; exec sleep 600", [fifo], cancelled.Token);
        var pid = int.Parse(await File.ReadAllTextAsync(fifo, TestContext.Current.CancellationToken), System.Globalization.CultureInfo.InvariantCulture);

        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);

        Assert.Null(ProcessIdentity.Of(pid));
    }

    [Fact]
    public async Task Watcher_TellsTheEnd_AlsoOfOneThatIsGone()
    {
        using var process = Process.Start(new ProcessStartInfo("cat") { RedirectStandardInput = true })!;
        var identity = ProcessIdentity.Of(process.Id)!.Value;
        var watcher = new ProcessWatcher();
        var (ended, gone) = (new TaskCompletionSource(), new TaskCompletionSource());
        watcher.Watch(identity, ended.SetResult);

        Assert.True(identity.Lives);
        process.StandardInput.Close();
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        watcher.Watch(identity, gone.SetResult);
        await gone.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);

        Assert.False(identity.Lives);
    }
}
