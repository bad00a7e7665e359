using System.Net;
using Xunit;

namespace Alcove.Tests.Server.Edge;

public sealed class ForwardingTests
{
    [Fact(Timeout = 20_000)]
    public async Task Request_ToAnOpenPort_IsAnswered()
    {
        await using var edge = await EdgeHost.StartAsync();
        using var sandbox = new ScriptedSandbox();
        var route = edge.AddRoute(sandbox.Address);

        var sending = Answer.OfAsync(edge.SendAsync($"{sandbox.Port}-{route.Id}.localhost:3002", "/a%2Fb//c/../d?x=%41&y=a+b"));
        var head = await sandbox.AnswerAsync();

        Assert.Equal(new Answer(HttpStatusCode.OK, null, "ok"), await sending);
        Assert.Equal($"GET /a%2Fb//c/../d?x=%41&y=a+b HTTP/1.1\r\nHost: {sandbox.Port}-{route.Id}.localhost:3002\r\nConnection: close\r\n\r\n", head);
    }
}
