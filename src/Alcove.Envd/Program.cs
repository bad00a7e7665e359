using System.Net;
using System.Runtime.InteropServices;
using Alcove.Envd.Hosting;
using Alcove.Envd.Init;
using Alcove.Envd.Processes;
using Alcove.Protocol.Envd;

if (args is [Refusal.Verb, _, _])
{
    return Refusal.Run(args);
}

// What no one caught ends one task, never the sandbox's first process.
TaskScheduler.UnobservedTaskException += (_, e) => { Console.Error.WriteLine($"envd: {e.Exception}"); e.SetObserved(); };

var ended = new TaskCompletionSource();
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);

await using var daemon = new Daemon(TimeProvider.System, new TokenAuthority(), new SystemEnvironment());
await daemon.StartAsync(IPAddress.Any, args is ["--port", var port] ? int.Parse(port, System.Globalization.CultureInfo.InvariantCulture) : EnvdVersion.Port);
await ended.Task;
return 0;

void End(PosixSignalContext context)
{
    context.Cancel = true;
    ended.TrySetResult();
}
