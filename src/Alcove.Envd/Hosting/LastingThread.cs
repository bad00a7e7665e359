namespace Alcove.Envd.Hosting;

/// <summary>A thread that the daemon cannot do without: what it throws is told, and it goes on.</summary>
internal static class LastingThread
{
    /// <param name="name">For whoever looks at the process.</param>
    /// <param name="stackSize">In bytes; it costs memory once touched.</param>
    /// <param name="act">Called again whenever it has thrown.</param>
    public static void Start(string name, int stackSize, Action act) => new Thread(() => Run(name, act), stackSize) { IsBackground = true, Name = name }.Start();

    private static void Run(string name, Action act)
    {
        while (true)
        {
            try
            {
                act();
                return;
            }
            catch (Exception e)
            {
                DaemonLog.Write($"{name}: {e}");
            }
        }
    }
}
