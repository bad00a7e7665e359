using System.Net;
using Alcove.Connect;
using Xunit;

namespace Alcove.Tests.Connect;

/// <summary>What stands in front of the router and refuses, for example because of the user named.</summary>
public sealed class ErrorsInFrontTests
{
    private const string Error = """{"code":"unauthenticated","message":"invalid username: 'x'"}""";

    [Theory]
    [InlineData(Wire.Json)]
    [InlineData(Wire.Proto)]
    [InlineData("text/plain")]
    [InlineData("")]
    public async Task Refusal_OfAnythingButAStream_IsStatusAndJson(string contentType)
    {
        await using var server = await RefusingAsync();

        using var response = await server.CallAsync("/anything", contentType, "{}");

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal(Wire.Json, response.Content.Headers.MediaType());
        Assert.Equal(Error, await response.TextAsync());
    }

    [Theory]
    [InlineData(Wire.JsonStream)]
    [InlineData(Wire.ProtoStream)]
    public async Task Refusal_OfAStream_IsAnEndInA200(string contentType)
    {
        await using var server = await RefusingAsync();

        using var response = await server.CallAsync(ConnectServer.Start.Path, contentType, Frame.Of("{}").Bytes);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(contentType, response.Content.Headers.MediaType());
        var end = Assert.Single(await response.FramesAsync());
        Assert.Equal((2, "{\"error\":" + Error + "}"), (end.Flags, end.Text));
    }

    [Fact]
    public async Task Refusal_OfAGet_IsStatusAndJson()
    {
        await using var server = await RefusingAsync();

        using var response = await server.Http.GetAsync(new Uri("/health", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(Error, await response.TextAsync());
    }

    private static async Task<ConnectServer> RefusingAsync()
    {
        var server = await ConnectServer.StartAsync();
        server.Before = async http =>
        {
            await ConnectErrors.WriteAsync(http, new ConnectException(ConnectCode.Unauthenticated, "invalid username: 'x'"));
            return true;
        };
        return server;
    }
}
