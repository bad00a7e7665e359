namespace Alcove.Server.Listening;

/// <summary>
/// Gives answers that are under way when the server stops a little time to end, and cuts those that go on: a command's output or a terminal
/// may be open for days, and the stop must not wait for it.
/// </summary>
internal sealed class Drain : IDisposable
{
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource _over = new();
    private readonly CancellationTokenRegistration _stopping;
    private ITimer? _timer;

    public Drain(IHostApplicationLifetime lifetime, TimeProvider time) =>
        _stopping = lifetime.ApplicationStopping.Register(() => _timer = time.CreateTimer(_ => _over.Cancel(), null, Grace, Timeout.InfiniteTimeSpan));

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        await using var cut = _over.Token.UnsafeRegister(static state => ((HttpContext)state!).Abort(), context);
        await next(context);
    }

    public void Dispose()
    {
        _stopping.Dispose();
        _timer?.Dispose();
        _over.Dispose();
    }
}
