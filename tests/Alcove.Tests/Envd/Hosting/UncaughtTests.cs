using System.Diagnostics;
using Alcove.Protocol.Processes;
using Alcove.Tests.Envd.Processes;
using Google.Protobuf;
using Xunit;

namespace Alcove.Tests.Envd.Hosting;

/// <summary>A daemon in which, at a signal, code throws that nobody catches.</summary>
public sealed class UncaughtTests(UncaughtTests.Faulty daemon) : IClassFixture<UncaughtTests.Faulty>
{
    [Fact]
    public async Task Uncaught_OnEveryKindOfThread_EndsNeitherTheDaemonNorProcesses()
    {
        var run = daemon.Start(new StartRequest { Process = new ProcessConfig { Cmd = "cat" } });
        var process = await run.StartedAsync();

        daemon.Throw();
        foreach (var place in StartupHook.Places)
        {
            await daemon.SaysAsync($"thrown in {place}");
        }

        Assert.Contains("\"E2B_SANDBOX\":\"true\"", await daemon.GetAsync("/envs"), StringComparison.Ordinal);
        await daemon.CallAsync("SendInput", new SendInputRequest { Process = process, Input = new ProcessInput { Stdin = ByteString.CopyFromUtf8("still here") } }, SendInputResponse.Parser);
        await run.SaysAsync("still here");
        await daemon.CallAsync("CloseStdin", new CloseStdinRequest { Process = process }, CloseStdinResponse.Parser);
        Assert.Equal(0, (await run.EndAsync()).ExitCode);
        var next = daemon.Shell("echo and on");
        await next.StartedAsync();
        Assert.Equal(0, (await next.EndAsync()).ExitCode);
    }

    public sealed class Faulty : DaemonProcess
    {
        private readonly HashSet<string> _said = [];
        private StreamReader? _errors;

        public void Throw()
        {
            using var kill = Process.Start("kill", ["-USR1", $"{Pid}"]);
            kill.WaitForExit();
        }

        /// <summary>Reads what the daemon says until it has said that.</summary>
        public async Task SaysAsync(string text)
        {
            while (!_said.Any(line => line.Contains(text, StringComparison.Ordinal)))
            {
                _said.Add(await _errors!.ReadLineAsync(TestContext.Current.CancellationToken) ?? throw new EndOfStreamException($"the daemon ended after: {string.Join('\n', _said)}"));
            }
        }

        protected override ProcessStartInfo Program(string[] arguments)
        {
            var directory = AppContext.BaseDirectory;
            return new("dotnet", ["exec", "--runtimeconfig", $"{directory}/Alcove.Tests.runtimeconfig.json", "--depsfile", $"{directory}/envd.deps.json", $"{directory}/envd.dll", .. arguments])
            {
                RedirectStandardError = true,
                Environment = { ["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location },
            };
        }

        protected override void Started(Process daemon) => _errors = daemon.StandardError;
    }
}
