using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Net.Http.Headers;

namespace Alcove.Server.Http1;

/// <summary>One request and its answer on a connection, side by side.</summary>
/// <param name="connection">Used by nobody else until the answer is complete.</param>
/// <param name="handler">Gets the connection back if it can be used again.</param>
/// <param name="isLast">Whether it is closed afterwards in any case.</param>
internal sealed class Http1Exchange(Http1Connection connection, Http1Handler handler, bool isLast)
{
    private RequestBody? _body;
    private Action? _answeredEarly;
    private bool _isPersistent;

    /// <summary>(1) Sends the head, (2) starts sending the body, (3) reads the answer's head, whatever has become of the body.</summary>
    /// <exception cref="IOException">There was no answer, or none that can be understood.</exception>
    /// <exception cref="SocketException">The connection broke.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            await BeginAsync(request, cancellationToken);
            var head = await ReadHeadAsync(request, cancellationToken);
            return Answer(request, head);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>The answer has been read to its end.</summary>
    public void Complete()
    {
        var isSent = _body?.IsSent ?? true;
        if (isSent && _isPersistent && connection.Received.IsEmpty)
        {
            handler.Return(connection);
            return;
        }

        connection.Dispose();
        if (!isSent)
        {
            _answeredEarly?.Invoke();
        }
    }

    /// <summary>Nobody reads the answer to its end.</summary>
    public void GiveUp() => connection.Dispose();

    private async ValueTask BeginAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var length = LengthOf(request.Content);
        connection.Head.ResetWrittenCount();
        RequestHead.Write(request, isLast, length, connection.Head);
        if (length == 0)
        {
            await connection.Socket.SendAsync(connection.Head.WrittenMemory, SocketFlags.None, cancellationToken);
            return;
        }

        request.Options.TryGetValue(Http1Handler.AnsweredEarly, out _answeredEarly);
        _body = new RequestBody(connection.Socket, connection.Head.WrittenMemory, length);
        _ = SendBodyAsync(request.Content!, _body);
    }

    /// <returns>Null when it is not known.</returns>
    private static long? LengthOf(HttpContent? content)
    {
        if (content is null)
        {
            return 0;
        }

        if (content.Headers.NonValidated.TryGetValues(HeaderNames.ContentLength, out var values))
        {
            return long.Parse(values.ToString(), NumberStyles.None, CultureInfo.InvariantCulture);
        }

        // The question leaves a header behind that the client has not sent.
        var length = content.Headers.ContentLength;
        content.Headers.ContentLength = null;
        return length;
    }

    private async Task SendBodyAsync(HttpContent content, RequestBody body)
    {
        try
        {
            var copying = content.CopyToAsync(body);
            if (!copying.IsCompleted)
            {
                // The client has not sent all of it; the sandbox shall have what there is.
                await body.SendHeadAsync();
            }

            await copying;
            if (!body.HasFailed)
            {
                await body.FinishAsync();
            }
        }
        catch (Exception) when (body.HasFailed)
        {
            // The sandbox does not want it, and perhaps says why in its answer.
        }
        catch (Exception)
        {
            // The client has stopped in the middle.
        }

        if (!body.IsSent && !body.HasFailed)
        {
            // What is incomplete must neither look complete nor be waited for.
            connection.Dispose();
        }
    }

    private async ValueTask<ResponseHead> ReadHeadAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        while (true)
        {
            var head = await ResponseHead.ReadAsync(connection.Received, cancellationToken);
            if (head.Status == HttpStatusCode.SwitchingProtocols && !request.Headers.NonValidated.Contains(HeaderNames.Upgrade))
            {
                throw new IOException("The sandbox switched protocols unasked");
            }

            if (!head.IsInterim)
            {
                return head;
            }
        }
    }

    private HttpResponseMessage Answer(HttpRequestMessage request, ResponseHead head)
    {
        var response = new HttpResponseMessage { RequestMessage = request };
        if (head.Status == HttpStatusCode.SwitchingProtocols)
        {
            response.Content = new ReceivedContent(new UpgradedStream(connection));
            head.CopyTo(response);
            return response;
        }

        var (framing, length) = FramingOf(request.Method, head);
        _isPersistent = !isLast && head.IsPersistent && framing != Framing.UntilClose;
        response.Content = new ReceivedContent(new ResponseBody(this, connection.Received, framing, length, response.TrailingHeaders));
        head.CopyTo(response);
        return response;
    }

    /// <summary>RFC 9112, 6.3.</summary>
    private static (Framing Framing, long Length) FramingOf(HttpMethod method, ResponseHead head)
    {
        if (method == HttpMethod.Head || head.IsWithoutContent)
        {
            return (Framing.Length, 0);
        }

        if (head.HasTransferEncoding)
        {
            return (head.IsChunked ? Framing.Chunked : Framing.UntilClose, 0);
        }

        return head.ContentLength is { } length ? (Framing.Length, length) : (Framing.UntilClose, 0);
    }
}
