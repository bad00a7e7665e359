using System.Runtime.InteropServices;

/// <summary>What the runtime runs in a program before its first line (DOTNET_STARTUP_HOOKS; the name is its): makes the program throw at a signal.</summary>
internal static class StartupHook
{
    private const PosixSignal User1 = (PosixSignal)10;

    private static PosixSignalRegistration? _signal;
    private static Timer? _timer;

    public static string[] Places { get; } = ["a thread of its own", "the thread pool", "a timer", "an async void method", "a signal handler"];

    public static void Initialize() => _signal = PosixSignalRegistration.Create(User1, ThrowEverywhere);

    private static void ThrowEverywhere(PosixSignalContext context)
    {
        context.Cancel = true;
        new Thread(() => Throw(0)).Start();
        ThreadPool.UnsafeQueueUserWorkItem(_ => Throw(1), null);
        _timer = new Timer(_ => Throw(2), null, 0, Timeout.Infinite);
        ThrowLater();
        Throw(4);
    }

    private static async void ThrowLater()
    {
        await Task.Yield();
        Throw(3);
    }

    private static void Throw(int place) => throw new InvalidOperationException($"thrown in {Places[place]}");
}
