using System.Diagnostics;
using Xunit;

namespace Alcove.Tests.Envd.Processes;

/// <summary>A daemon that was started with a priority of its own.</summary>
public sealed class PriorityTests(PriorityTests.Niced daemon) : IClassFixture<PriorityTests.Niced>
{
    [Fact]
    public async Task Start_DaemonHasAPriorityOfItsOwn_ProcessHasTheOrdinaryOne()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "raises a priority");
        var run = daemon.Shell("nice; ionice; nice -n 3 nice; umask");
        await run.StartedAsync();
        await run.EndAsync();
        Assert.Equal("0\nbest-effort: prio 4\n3\n0022\n", run.Stdout);
    }

    public sealed class Niced : DaemonProcess
    {
        protected override ProcessStartInfo Program(string[] arguments)
        {
            var program = base.Program(arguments);
            return new("sh", ["-c", "umask 0; exec nice -n 7 ionice -c 3 \"$@\"", "sh", program.FileName, .. arguments]);
        }
    }
}
