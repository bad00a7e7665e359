using System.Globalization;
using System.Net;
using Xunit;

namespace Alcove.Tests.Server.Edge;

public sealed class UploadTests
{
    /// <summary>More than every buffer on the way holds: the client, the edge and the sandbox have to wait for each other.</summary>
    private const int Size = 5 << 20;

    [Theory(Timeout = 60_000)]
    [InlineData("http", "1.1")]
    [InlineData("http", "2.0")]
    [InlineData("https", "1.1")]
    [InlineData("https", "2.0")]
    public async Task Upload_OfKnownLength_IsReadWholeBeforeTheAnswer(string scheme, string version)
    {
        await using var edge = await EdgeHost.StartAsync();
        await using var sandbox = await EchoSandbox.StartAsync();
        var route = edge.AddRoute(sandbox.Address);

        var answer = await Answer.OfAsync(edge.SendAsync($"{sandbox.Port}-{route.Id}.localhost", "/length", scheme: scheme, change: request =>
        {
            (request.Method, request.Version) = (HttpMethod.Post, Version.Parse(version));
            request.Content = new ByteArrayContent(new byte[Size]);
        }));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(Size.ToString(CultureInfo.InvariantCulture), answer.Body);
    }
}
