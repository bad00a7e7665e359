using System.Net;

namespace Alcove.Server.Edge;

/// <summary>An answer's body whose reader does not keep the headers waiting: when the first piece takes its time, they go out before it.</summary>
internal sealed class PromptContent(HttpContent content, HttpResponse response) : HttpContent
{
    protected override async Task<Stream> CreateContentReadStreamAsync() => new PromptStream(await content.ReadAsStreamAsync(), response);

    protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) =>
        new PromptStream(await content.ReadAsStreamAsync(cancellationToken), response);

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
