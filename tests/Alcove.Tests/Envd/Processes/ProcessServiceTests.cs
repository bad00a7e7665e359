using Alcove.Connect;
using Alcove.Protocol.Processes;
using Google.Protobuf;
using Xunit;

namespace Alcove.Tests.Envd.Processes;

public sealed class ProcessServiceTests(DaemonProcess daemon) : IClassFixture<DaemonProcess>
{
    [Fact]
    public async Task Start_ShellCommand_GivesStartThenOutputThenEnd()
    {
        var run = daemon.Shell("echo out; echo err >&2; exit 3");
        await run.StartedAsync();
        var end = await run.EndAsync();
        Assert.Equal(("out\n", "err\n"), (run.Stdout, run.Stderr));
        Assert.Equal((3, true, "exit status 3", "exit status 3"), (end.ExitCode, end.Exited, end.Status, end.Error));
    }

    [Fact]
    public async Task Start_Success_HasNoError()
    {
        var run = daemon.Shell("exit 0");
        await run.StartedAsync();
        var end = await run.EndAsync();
        Assert.Equal("exit status 0", end.Status);
        Assert.False(end.HasError);
    }

    [Fact]
    public async Task Start_CommandThatKillsItself_SaysTheSignal()
    {
        var run = daemon.Shell("kill -TERM $$");
        await run.StartedAsync();
        var end = await run.EndAsync();
        Assert.Equal((-1, false, "signal: terminated"), (end.ExitCode, end.Exited, end.Status));
    }

    [Fact]
    public async Task Start_WithoutStdin_ReadsTheEndAtOnce()
    {
        var run = daemon.Shell("read line");
        await run.StartedAsync();
        Assert.Equal(1, (await run.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task Start_MissingDirectory_IsInvalid()
    {
        var run = daemon.Start(new StartRequest { Process = new ProcessConfig { Cmd = "sh", Cwd = "/no/such" } });
        var error = await Assert.ThrowsAsync<ConnectException>(run.StartedAsync);
        Assert.Equal((ConnectCode.InvalidArgument, "cwd '/no/such' does not exist"), (error.Code, error.Message));
    }

    [Fact]
    public async Task Start_OwnVariables_OverrideTheDaemons()
    {
        var run = daemon.Start(new StartRequest
        {
            Process = new ProcessConfig { Cmd = "sh", Args = { "-c", "echo $FOO $HOME $USER $E2B_SANDBOX $ALCOVE_TEST_UNSET" }, Envs = { ["FOO"] = "bar", ["HOME"] = "/own" } },
            Stdin = false,
        });
        await run.StartedAsync();
        await run.EndAsync();
        Assert.Equal("bar /own root true\n", run.Stdout);
    }

    [Fact]
    public async Task SendInput_ToCat_ComesBackAndClosingEndsIt()
    {
        var run = daemon.Start(new StartRequest { Process = new ProcessConfig { Cmd = "cat" } });
        var process = await run.StartedAsync();
        await daemon.CallAsync("SendInput", new SendInputRequest { Process = process, Input = new ProcessInput { Stdin = ByteString.CopyFromUtf8("one\ntwo") } }, SendInputResponse.Parser);
        await daemon.CallAsync("CloseStdin", new CloseStdinRequest { Process = process }, CloseStdinResponse.Parser);
        Assert.Equal(0, (await run.EndAsync()).ExitCode);
        Assert.Equal("one\ntwo", run.Stdout);
    }

    [Fact]
    public async Task SendSignal_KillWhileAGrandchildHoldsThePipes_EndsEveryStream()
    {
        var run = daemon.Shell("echo ready; sleep 20 & wait");
        var process = await run.StartedAsync();
        await run.SaysAsync("ready");
        var other = daemon.Connect(process);
        await other.StartedAsync();
        await daemon.CallAsync("SendSignal", new SendSignalRequest { Process = process, Signal = Signal.Sigkill }, SendSignalResponse.Parser);
        Assert.Equal("signal: killed", (await run.EndAsync()).Status);
        Assert.Equal("signal: killed", (await other.EndAsync()).Status);
        var list = await daemon.CallAsync("List", new ListRequest(), ListResponse.Parser);
        Assert.DoesNotContain(list.Processes, listed => listed.Pid == process.Pid);
    }

    [Fact]
    public async Task SendSignal_TermToOneThatHasMuchToSay_LosesNothing()
    {
        var run = daemon.Shell("trap 'head -c 300000 /dev/zero | tr \"\\\\0\" x; exit 7' TERM; echo ready; while :; do sleep 0.02; done");
        var process = await run.StartedAsync();
        await run.SaysAsync("ready");
        await daemon.CallAsync("SendSignal", new SendSignalRequest { Process = process, Signal = Signal.Sigterm }, SendSignalResponse.Parser);
        Assert.Equal(7, (await run.EndAsync()).ExitCode);
        Assert.Equal("ready\n".Length + 300_000, run.Stdout.Length);
    }

    [Fact]
    public async Task Connect_ByTagAfterTheEnd_GivesTheEnd()
    {
        var run = daemon.Shell("exit 5", tag: "retained");
        await run.StartedAsync();
        await run.EndAsync();
        var late = daemon.Connect(new ProcessSelector { Tag = "retained" });
        await late.StartedAsync();
        Assert.Equal(5, (await late.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task Connect_UnknownPid_IsNotFound()
    {
        var error = await Assert.ThrowsAsync<ConnectException>(daemon.Connect(new ProcessSelector { Pid = 999_999_999 }).StartedAsync);
        Assert.Equal((ConnectCode.NotFound, "process with pid 999999999 not found"), (error.Code, error.Message));
    }

    [Fact]
    public async Task Start_OverItsTime_EndsTheProcess()
    {
        var run = daemon.Shell("exec sleep 20", tag: "late", timeout: TimeSpan.FromMilliseconds(300));
        await run.StartedAsync();
        var error = await Assert.ThrowsAsync<ConnectException>(run.EndAsync);
        Assert.Equal(ConnectCode.DeadlineExceeded, error.Code);
        var after = daemon.Connect(new ProcessSelector { Tag = "late" });
        await after.StartedAsync();
        Assert.Equal("signal: killed", (await after.EndAsync()).Status);
    }

    [Fact]
    public async Task Start_Terminal_HasItsSizeAndTakesInput()
    {
        var run = daemon.Start(new StartRequest { Process = new ProcessConfig { Cmd = "sh" }, Pty = new PTY { Size = new PTY.Types.Size { Cols = 91, Rows = 17 } } });
        var process = await run.StartedAsync();
        await TypeAsync(process, "stty size\n");
        await run.SaysAsync("17 91");
        await daemon.CallAsync("Update", new UpdateRequest { Process = process, Pty = new PTY { Size = new PTY.Types.Size { Cols = 77, Rows = 11 } } }, UpdateResponse.Parser);
        await TypeAsync(process, "stty size; exit\n");
        Assert.Equal(0, (await run.EndAsync()).ExitCode);
        Assert.Contains("11 77", run.Stdout, StringComparison.Ordinal);
    }

    private Task<SendInputResponse> TypeAsync(ProcessSelector process, string text) =>
        daemon.CallAsync("SendInput", new SendInputRequest { Process = process, Input = new ProcessInput { Pty = ByteString.CopyFromUtf8(text) } }, SendInputResponse.Parser);
}
