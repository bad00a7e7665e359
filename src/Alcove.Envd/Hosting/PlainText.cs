using System.Text;
using System.Text.Json;

namespace Alcove.Envd.Hosting;

/// <summary>Short answers.</summary>
internal static class PlainText
{
    public static Task WriteAsync(HttpContext http, int status, string text)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text)).AsTask();
    }
}

/// <summary>The error body of the HTTP endpoints: <c>{"code":404,"message":"…"}</c> and a line feed.</summary>
internal static class JsonError
{
    public static async Task WriteAsync(HttpContext http, int status, string message)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteNumber("code", status);
            json.WriteString("message", message);
            json.WriteEndObject();
        }

        body.WriteByte((byte)'\n');
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json; charset=utf-8";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length));
    }
}

/// <summary>Bodies that are one JSON document.</summary>
internal static class JsonBody
{
    public static async Task WriteAsync(HttpContext http, Action<Utf8JsonWriter> write)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            write(json);
        }

        http.Response.ContentType = "application/json";
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length));
    }
}
