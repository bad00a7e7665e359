using System.Net;
using Alcove.Envd.Hosting;

namespace Alcove.Envd.Ports;

/// <summary>Makes servers that listen on loopback alone reachable from outside: each second, a forwarder for each new one, and none for those that are gone.</summary>
internal sealed class PortForwarding(TimeProvider time, IPAddress outside) : IAsyncDisposable
{
    /// <summary>The sandbox's own address: what traffic from outside arrives at.</summary>
    public static readonly IPAddress Outside = IPAddress.Parse("169.254.0.21");

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<LoopbackPort, PortForwarder> _forwarders = [];
    private Task _loop = Task.CompletedTask;

    public void Start() => _loop = RunAsync();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        foreach (var forwarder in _forwarders.Values)
        {
            forwarder.Dispose();
        }

        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                Scan();
            }
        }
        catch (OperationCanceledException)
        {
            // The daemon ends.
        }
    }

    private void Scan()
    {
        try
        {
            var listening = ListeningPorts.OnLoopback().ToHashSet();
            foreach (var (port, forwarder) in _forwarders.Where(pair => !listening.Contains(pair.Key)).ToArray())
            {
                forwarder.Dispose();
                _forwarders.Remove(port);
            }

            foreach (var port in listening.Where(port => !_forwarders.ContainsKey(port)))
            {
                if (PortForwarder.TryStart(outside, port) is { } forwarder)
                {
                    _forwarders.Add(port, forwarder);
                }
            }
        }
        catch (Exception e)
        {
            DaemonLog.Write($"port scan: {e.Message}");
        }
    }
}
