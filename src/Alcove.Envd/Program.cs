using System.Net;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Alcove.Envd.Hosting;
using Alcove.Envd.Init;
using Alcove.Envd.Linux;
using Alcove.Envd.Processes;
using Alcove.Protocol.Envd;

if (args is [Refusal.Verb, _, _])
{
    return Refusal.Run(args);
}

// New files are 0644 and new directories 0755, whatever the daemon was started with.
_ = Libc.SetUmask(0x12);

// Of a sandbox's first process nobody inside, and no shutdown of the host that signals everyone, makes an end: its node does, by SIGKILL.
var ended = new TaskCompletionSource();
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);

// A second daemon on one machine, as in tests, has a port and a directory of its own.
var (port, system) = args is ["--port", var number, "--run", var directory]
    ? (int.Parse(number, System.Globalization.CultureInfo.InvariantCulture), new SystemEnvironment(directory))
    : (EnvdVersion.Port, new SystemEnvironment());
await using var daemon = new Daemon(TimeProvider.System, new TokenAuthority(), system);
await daemon.StartAsync(IPAddress.Any, port);

// From here on, what no one caught ends what threw it, never the sandbox's first process.
ExceptionHandling.SetUnhandledExceptionHandler(e =>
{
    DaemonLog.Write($"uncaught: {e}");
    return true;
});
TaskScheduler.UnobservedTaskException += (_, e) =>
{
    DaemonLog.Write($"unobserved: {e.Exception}");
    e.SetObserved();
};
await ended.Task;
return 0;

void End(PosixSignalContext context)
{
    context.Cancel = true;
    if (Environment.ProcessId != 1)
    {
        ended.TrySetResult();
    }
}
