using System.Net;
using Alcove.Protocol.Envd;

namespace Alcove.Node.Sandboxes;

/// <summary>Tells the daemon of a fresh run who it is, again and again until it answers.</summary>
internal sealed class DaemonInit(TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, PooledConnectionLifetime = TimeSpan.Zero, ConnectTimeout = AttemptTimeout });

    /// <exception cref="TimeoutException">It did not answer in time, or answered with a refusal: the message says which.</exception>
    public async Task RunAsync(IPAddress address, InitRequest request, CancellationToken cancellationToken)
    {
        var since = time.GetTimestamp();
        string? last = null;
        while (time.GetElapsedTime(since) < Patience)
        {
            try
            {
                using var attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                attempt.CancelAfter(AttemptTimeout);
                using var answer = await _http.PostAsJsonAsync($"http://{address}:{EnvdVersion.Port}/init", request, EnvdJson.Default.InitRequest, attempt.Token);
                if (answer.StatusCode == HttpStatusCode.NoContent)
                {
                    return;
                }

                last = $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(attempt.Token)}";
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                last = e.Message;
            }

            await Task.Delay(Pause, time, cancellationToken);
        }

        throw new TimeoutException($"the daemon inside did not answer within {Patience.TotalSeconds} s: {last}");
    }

    public void Dispose() => _http.Dispose();
}
