using System.Net;

namespace Alcove.Server.Edge;

/// <summary>An answer's body whose reader does not keep the headers waiting: when the first piece takes its time, they go out before it.</summary>
/// <param name="content">The answer's body.</param>
/// <param name="response">To the client; has all headers, and is not started.</param>
/// <param name="completed">Called when the body has been read to its end.</param>
internal sealed class PromptContent(HttpContent content, HttpResponse response, Action completed) : HttpContent
{
    protected override async Task<Stream> CreateContentReadStreamAsync() => new PromptStream(await content.ReadAsStreamAsync(), response, completed);

    protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) =>
        new PromptStream(await content.ReadAsStreamAsync(cancellationToken), response, completed);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => content.CopyToAsync(stream, context);

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        content.Dispose();
        base.Dispose(disposing);
    }
}
