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

    [Fact(Timeout = 20_000)]
    public async Task Start_TimeoutLongerThanAnyTimer_IsNone()
    {
        var run = daemon.Shell("echo out", timeout: TimeSpan.FromMilliseconds(9_999_999_999));
        await run.StartedAsync();
        Assert.Equal(0, (await run.EndAsync()).ExitCode);
        Assert.Equal("out\n", run.Stdout);
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
    public async Task Start_DirectoryThatWasDeleted_IsInvalid()
    {
        var directory = Directory.CreateTempSubdirectory("alcove-deleted-").FullName;
        Directory.Delete(directory);
        var run = daemon.Start(new StartRequest { Process = new ProcessConfig { Cmd = "sh", Cwd = directory } });
        Assert.Equal(ConnectCode.InvalidArgument, (await Assert.ThrowsAsync<ConnectException>(run.StartedAsync)).Code);
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
        var run = daemon.Shell("exec sleep 20", tag: "late", timeout: TimeSpan.FromSeconds(2));
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

    [Fact]
    public async Task Start_SilentProcess_SendsSignsOfLife()
    {
        var run = daemon.Start(new StartRequest { Process = new ProcessConfig { Cmd = "sleep", Args = { "30" } } }, keepalive: 1);
        var process = await run.StartedAsync();
        await run.LivesAsync();
        await run.LivesAsync();
        await daemon.CallAsync("SendSignal", new SendSignalRequest { Process = process, Signal = Signal.Sigkill }, SendSignalResponse.Parser);
        await run.EndAsync();
    }

    [Fact]
    public async Task StreamInput_PiecesAndSignsOfLife_ArriveInOrder()
    {
        var run = daemon.Start(new StartRequest { Process = new ProcessConfig { Cmd = "head", Args = { "-c", "9" } } });
        var process = await run.StartedAsync();
        var start = new StreamInputRequest { Start = new StreamInputRequest.Types.StartEvent { Process = process } };
        Assert.Equal("{}", await daemon.StreamInputAsync(start, Data("one"), new StreamInputRequest { Keepalive = new StreamInputRequest.Types.KeepAlive() }, start, Data("two"), Data("six")));
        Assert.Equal(0, (await run.EndAsync()).ExitCode);
        Assert.Equal("onetwosix", run.Stdout);
        Assert.Contains("\"not_found\"", await daemon.StreamInputAsync(start), StringComparison.Ordinal);

        static StreamInputRequest Data(string text) => new() { Data = new StreamInputRequest.Types.DataEvent { Input = new ProcessInput { Stdin = ByteString.CopyFromUtf8(text) } } };
    }

    [Fact]
    public async Task StreamInput_NotAsItShouldBegin_IsRefused()
    {
        Assert.Contains("\"invalid_argument\"", await daemon.StreamInputAsync(new StreamInputRequest { Data = new StreamInputRequest.Types.DataEvent() }), StringComparison.Ordinal);
        Assert.Contains("\"unimplemented\"", await daemon.StreamInputAsync(new StreamInputRequest()), StringComparison.Ordinal);
        Assert.Contains("\"unimplemented\"", await daemon.StreamInputAsync(new StreamInputRequest { Start = new StreamInputRequest.Types.StartEvent() }), StringComparison.Ordinal);
        Assert.Equal("{}", await daemon.StreamInputAsync());
    }

    [Theory]
    [InlineData("/no/such/command", 127)]
    [InlineData("no-such-command", 127)]
    [InlineData("/etc/passwd", 126)]
    public async Task Start_WhatCannotBeRun_IsAProcessThatSaysSo(string command, int code)
    {
        var run = daemon.Start(new StartRequest { Process = new ProcessConfig { Cmd = command } });
        await run.StartedAsync();
        Assert.Equal(code, (await run.EndAsync()).ExitCode);
        Assert.StartsWith($"{command}: ", run.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_ZeroByteInAWord_IsInvalid()
    {
        var run = daemon.Start(new StartRequest { Process = new ProcessConfig { Cmd = "echo", Args = { "a\0b" } } });
        Assert.Equal(ConnectCode.InvalidArgument, (await Assert.ThrowsAsync<ConnectException>(run.StartedAsync)).Code);
    }

    [Fact]
    public async Task Start_InADirectoryThatTheUserCannotEnter_IsInvalid()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "acts as another user");
        var directory = Directory.CreateTempSubdirectory("alcove-closed-").FullName; // 0700, root's
        var run = daemon.Start(new StartRequest { Process = new ProcessConfig { Cmd = "ls", Cwd = directory } }, user: "nobody");
        var error = await Assert.ThrowsAsync<ConnectException>(run.StartedAsync);
        Directory.Delete(directory);
        Assert.Equal(ConnectCode.InvalidArgument, error.Code);
        Assert.StartsWith("error starting process 'ls': ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_AsAnotherUser_IsThatUserAlone()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "acts as another user");
        var run = daemon.Start(new StartRequest { Process = new ProcessConfig { Cmd = "sh", Args = { "-c", "id -un; id -u; echo $HOME $USER; grep CapEff /proc/self/status; cat /proc/self/oom_score_adj" } }, Stdin = false }, user: "daemon");
        await run.StartedAsync();
        await run.EndAsync();
        Assert.Equal("daemon\n1\n/usr/sbin daemon\nCapEff:\t0000000000000000\n100\n", run.Stdout);
    }

    [Fact]
    public async Task Start_ClientGoesAway_ProcessLivesAndIsConnectedToAgain()
    {
        var run = daemon.Shell("read line < /dev/null; while :; do echo still; sleep 0.05; done", tag: "left");
        await run.StartedAsync();
        await run.SaysAsync("still");
        await run.LeaveAsync();
        var again = daemon.Connect(new ProcessSelector { Tag = "left" });
        await again.StartedAsync();
        await again.SaysAsync("still");
        await daemon.CallAsync("SendSignal", new SendSignalRequest { Process = new ProcessSelector { Tag = "left" }, Signal = Signal.Sigterm }, SendSignalResponse.Parser);
        Assert.Equal("signal: terminated", (await again.EndAsync()).Status);
    }

    [Fact]
    public async Task Inputs_OfTheWrongKind_HaveTheirCodes()
    {
        var piped = daemon.Start(new StartRequest { Process = new ProcessConfig { Cmd = "cat" } });
        var pipe = await piped.StartedAsync();
        var closed = daemon.Shell("exec sleep 20");
        var none = await closed.StartedAsync();
        var typed = daemon.Start(new StartRequest { Process = new ProcessConfig { Cmd = "cat" }, Pty = new PTY() });
        var terminal = await typed.StartedAsync();

        Assert.Equal(ConnectCode.Internal, await CodeAsync(SendAsync(terminal, new ProcessInput { Stdin = ByteString.CopyFromUtf8("x") })));
        Assert.Equal(ConnectCode.Internal, await CodeAsync(SendAsync(pipe, new ProcessInput { Pty = ByteString.CopyFromUtf8("x") })));
        Assert.Equal(ConnectCode.Internal, await CodeAsync(SendAsync(none, new ProcessInput { Stdin = ByteString.CopyFromUtf8("x") })));
        Assert.Equal(ConnectCode.Unimplemented, await CodeAsync(SendAsync(pipe, new ProcessInput())));
        Assert.Equal(ConnectCode.Unimplemented, await CodeAsync(SendAsync(new ProcessSelector(), new ProcessInput())));
        Assert.Equal(ConnectCode.Internal, await CodeAsync(daemon.CallAsync("Update", new UpdateRequest { Process = pipe, Pty = new PTY() }, UpdateResponse.Parser)));
        await daemon.CallAsync("Update", new UpdateRequest { Process = pipe }, UpdateResponse.Parser);
        Assert.Equal(ConnectCode.Unimplemented, await CodeAsync(daemon.CallAsync("SendSignal", new SendSignalRequest { Process = pipe }, SendSignalResponse.Parser)));
        Assert.Equal(ConnectCode.Unknown, await CodeAsync(daemon.CallAsync("CloseStdin", new CloseStdinRequest { Process = terminal }, CloseStdinResponse.Parser)));
        await daemon.CallAsync("CloseStdin", new CloseStdinRequest { Process = none }, CloseStdinResponse.Parser);
        await daemon.CallAsync("CloseStdin", new CloseStdinRequest { Process = pipe }, CloseStdinResponse.Parser);
        Assert.Equal(0, (await piped.EndAsync()).ExitCode);

        foreach (var process in (ProcessSelector[])[none, terminal])
        {
            await daemon.CallAsync("SendSignal", new SendSignalRequest { Process = process, Signal = Signal.Sigkill }, SendSignalResponse.Parser);
        }

        await closed.EndAsync();
        await typed.EndAsync();

        Task<SendInputResponse> SendAsync(ProcessSelector process, ProcessInput input) => daemon.CallAsync("SendInput", new SendInputRequest { Process = process, Input = input }, SendInputResponse.Parser);
    }

    [Fact]
    public async Task SendInput_ProcessEndsWhileItsPipeIsFull_Fails()
    {
        var run = daemon.Start(new StartRequest { Process = new ProcessConfig { Cmd = "sleep", Args = { "30" } } });
        var process = await run.StartedAsync();
        var blocked = daemon.CallAsync("SendInput", new SendInputRequest { Process = process, Input = new ProcessInput { Stdin = ByteString.CopyFrom(new byte[1 << 20]) } }, SendInputResponse.Parser);
        await daemon.CallAsync("SendSignal", new SendSignalRequest { Process = process, Signal = Signal.Sigkill }, SendSignalResponse.Parser);
        await run.EndAsync();
        Assert.Contains(await CodeAsync(blocked), (ConnectCode[])[ConnectCode.Internal, ConnectCode.NotFound]);
    }

    private static async Task<ConnectCode> CodeAsync(Task call) => (await Assert.ThrowsAsync<ConnectException>(() => call)).Code;

    private Task<SendInputResponse> TypeAsync(ProcessSelector process, string text) =>
        daemon.CallAsync("SendInput", new SendInputRequest { Process = process, Input = new ProcessInput { Pty = ByteString.CopyFromUtf8(text) } }, SendInputResponse.Parser);
}
