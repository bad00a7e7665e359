using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Alcove.Server.Edge;

/// <summary>Writes refusals in the form that their reader can use.</summary>
internal static class RefusalWriter
{
    // Apostrophes stay apostrophes: some clients look for words in the body without parsing it.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Task WriteAsync(HttpContext context, Refusal refusal) =>
        ReaderKind.IsPerson(context.Request.Headers)
            ? WriteAsync(context, refusal.Status, "text/html; charset=utf-8", Encoding.UTF8.GetBytes(Page(refusal)))
            : WriteAsync(context, refusal.Status, "application/json; charset=utf-8", Json(refusal));

    public static Task WriteTextAsync(HttpContext context, int status, string text) =>
        WriteAsync(context, status, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(text));

    private static async Task WriteAsync(HttpContext context, int status, string contentType, ReadOnlyMemory<byte> body)
    {
        context.Response.Clear();
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static ReadOnlyMemory<byte> Json(Refusal refusal)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(buffer, Plain);
        json.WriteStartObject();
        if (refusal.SandboxId is { } id)
        {
            json.WriteString("sandboxId", id);
        }

        json.WriteString("message", refusal.Message);
        if (refusal.Port is { } port)
        {
            json.WriteNumber("port", port);
        }

        if (refusal.Path is { } path)
        {
            json.WriteString("path", path);
        }

        json.WriteNumber("code", refusal.Status);
        if (refusal.ConnectionLimit is { } limit)
        {
            json.WriteNumber("connectionLimit", limit);
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>A page without anything from elsewhere. It begins and ends with its own <c>html</c> tags, which clients check.</summary>
    private static string Page(Refusal refusal)
    {
        var title = HtmlEncoder.Default.Encode(refusal.Title);
        var text = HtmlEncoder.Default.Encode(refusal.Explanation ?? refusal.Message);
        var path = refusal.Path is null ? string.Empty : $"<p><code>{HtmlEncoder.Default.Encode(refusal.Path)}</code></p>";
        var id = refusal.SandboxId is null ? string.Empty : $"<p>Sandbox <code>{HtmlEncoder.Default.Encode(refusal.SandboxId)}</code></p>";
        return $$"""
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{{title}}</title>
            <style>
            body { font-family: system-ui, sans-serif; max-width: 36rem; margin: 20vh auto 0; padding: 0 1.5rem; color: #222; background: #fff; }
            @media (prefers-color-scheme: dark) { body { color: #ddd; background: #181818; } }
            h1 { font-size: 1.4rem; }
            </style>
            </head>
            <body>
            <h1>{{title}}</h1>
            <p>{{text}}</p>{{path}}{{id}}
            </body>
            </html>
            """;
    }
}
