using System.Globalization;
using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Alcove.Tests.Server.Edge;

/// <summary>A service inside a sandbox that gives back what it gets: <c>/echo</c> the body while it comes, <c>/later</c> the body once it is all there, <c>/length</c> how long it was, <c>/socket</c> each message.</summary>
internal sealed class EchoSandbox : IAsyncDisposable
{
    private readonly WebApplication _app;

    private EchoSandbox()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel((KestrelServerOptions kestrel) =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(Address, 0);
        });
        _app = builder.Build();
        _app.UseWebSockets();
        _app.Map("/echo", EchoAsync);
        _app.Map("/later", LaterAsync);
        _app.Map("/length", LengthAsync);
        _app.Map("/socket", SocketAsync);
    }

    public IPAddress Address { get; } = EdgeHost.NewSlot();

    public int Port => new Uri(_app.Urls.Single()).Port;

    public static async Task<EchoSandbox> StartAsync()
    {
        var sandbox = new EchoSandbox();
        await sandbox._app.StartAsync(TestContext.Current.CancellationToken);
        return sandbox;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static Task EchoAsync(HttpContext context) => context.Request.Body.CopyToAsync(context.Response.Body, context.RequestAborted);

    private static async Task LaterAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        await context.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length), context.RequestAborted);
    }

    private static async Task LengthAsync(HttpContext context)
    {
        var buffer = new byte[64 << 10];
        long length = 0;
        while (await context.Request.Body.ReadAsync(buffer, context.RequestAborted) is > 0 and var count)
        {
            length += count;
        }

        await context.Response.WriteAsync(length.ToString(CultureInfo.InvariantCulture), context.RequestAborted);
    }

    private async Task SocketAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync(context.WebSockets.WebSocketRequestedProtocols.FirstOrDefault());
        var stopping = _app.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        var buffer = new byte[64 << 10];
        while (await socket.ReceiveAsync(buffer, stopping) is { MessageType: not WebSocketMessageType.Close } message)
        {
            await socket.SendAsync(buffer.AsMemory(0, message.Count), message.MessageType, message.EndOfMessage, stopping);
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", stopping);
    }
}
