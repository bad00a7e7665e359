using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;

namespace Alcove.Server.Http1;

/// <summary>A response's status line and headers, and what they say about its body.</summary>
internal sealed class ResponseHead
{
    private const int MaximumHeaders = 1000;

    private readonly List<(string Name, string Value)> _headers = new(16);
    private string? _reason;

    private ResponseHead(HttpStatusCode status, Version version) => (Status, Version, IsPersistent) = (status, version, version == HttpVersion.Version11);

    public HttpStatusCode Status { get; }

    public Version Version { get; }

    /// <summary>What the headers say, which the kind of request or the status may overrule.</summary>
    public long? ContentLength { get; private set; }

    public bool IsChunked { get; private set; }

    public bool HasTransferEncoding { get; private set; }

    /// <summary>Whether the server takes another request on the connection.</summary>
    public bool IsPersistent { get; private set; }

    /// <summary>Whether the status means that nothing follows, whatever the headers say.</summary>
    public bool IsWithoutContent => Status is HttpStatusCode.NoContent or HttpStatusCode.ResetContent or HttpStatusCode.NotModified;

    /// <summary>Whether another head follows, the answer's own.</summary>
    public bool IsInterim => (int)Status is >= 100 and < 200 && Status != HttpStatusCode.SwitchingProtocols;

    /// <exception cref="IOException">It is no HTTP/1 response, or the connection ended first.</exception>
    public static async ValueTask<ResponseHead> ReadAsync(ReceiveBuffer received, CancellationToken cancellationToken)
    {
        var length = await received.FindLineAsync(cancellationToken);
        var head = ReadStatusLine(Trim(received.Unread[..length]));
        received.Skip(length);
        while ((length = await received.FindLineAsync(cancellationToken)) > 0 && head.Add(received.Unread[..length]))
        {
            received.Skip(length);
        }

        received.Skip(length);
        return head;
    }

    /// <summary>A trailer's name and value.</summary>
    public static bool TryReadField(ReadOnlySpan<byte> line, out string name, out string value)
    {
        line = Trim(line);
        var colon = line.IndexOf((byte)':');
        name = colon > 0 ? Encoding.Latin1.GetString(line[..colon]) : string.Empty;
        value = colon > 0 ? Encoding.Latin1.GetString(line[(colon + 1)..].Trim(" \t"u8)) : string.Empty;
        return colon > 0;
    }

    /// <summary>Writes status, reason and headers into <paramref name="response"/>, whose content is set already.</summary>
    public void CopyTo(HttpResponseMessage response)
    {
        response.StatusCode = Status;
        response.Version = Version;
        response.ReasonPhrase = _reason;
        foreach (var (name, value) in _headers)
        {
            // Some servers announce content with these and send none. The client's side takes no length but that of a 304, which is the file's.
            if (Status is HttpStatusCode.NoContent or HttpStatusCode.ResetContent && name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            if (!response.Headers.TryAddWithoutValidation(name, value))
            {
                response.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }
    }

    private static ResponseHead ReadStatusLine(ReadOnlySpan<byte> line)
    {
        // "HTTP/1.1 200 OK"; some servers leave the reason out, with or without its space.
        if (line is [(byte)'H', (byte)'T', (byte)'T', (byte)'P', (byte)'/', (byte)'1', (byte)'.', var minor and >= (byte)'0' and <= (byte)'9', (byte)' ', ..]
            && line.Length >= 12
            && int.TryParse(line[9..12], NumberStyles.None, CultureInfo.InvariantCulture, out var status)
            && status >= 100
            && line[12..] is [] or [(byte)' ', ..])
        {
            var head = new ResponseHead((HttpStatusCode)status, minor == (byte)'0' ? HttpVersion.Version10 : HttpVersion.Version11);
            head._reason = ReadReason(status, line[Math.Min(13, line.Length)..]);
            return head;
        }

        throw new IOException($"The sandbox answered with something else than HTTP/1: '{Encoding.Latin1.GetString(line[..Math.Min(line.Length, 40)])}'");
    }

    /// <summary>The usual reason is the same string each time.</summary>
    private static string ReadReason(int status, ReadOnlySpan<byte> reason)
    {
        var usual = ReasonPhrases.GetReasonPhrase(status);
        return Ascii.Equals(reason, usual) ? usual : Encoding.Latin1.GetString(reason);
    }

    /// <returns>False for the empty line at the end.</returns>
    private bool Add(ReadOnlySpan<byte> line)
    {
        if (Trim(line).IsEmpty)
        {
            return false;
        }

        if (line[0] is (byte)' ' or (byte)'\t' && _headers.Count > 0)
        {
            // An old way to continue the line before.
            var (before, start) = _headers[^1];
            _headers[^1] = (before, $"{start} {Encoding.Latin1.GetString(line.Trim(" \t\r\n"u8))}");
            return true;
        }

        if (!TryReadField(line, out var name, out var value) || _headers.Count == MaximumHeaders)
        {
            throw new IOException("The sandbox sent a line that is no header, or too many headers");
        }

        Interpret(name, value);
        return true;
    }

    private void Interpret(string name, string value)
    {
        if (name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
        {
            AddLength(name, value);
            return;
        }

        _headers.Add((name, value));
        if (name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase))
        {
            HasTransferEncoding = true;
            IsChunked = value.AsSpan()[(value.LastIndexOf(',') + 1)..].Trim().Equals("chunked", StringComparison.OrdinalIgnoreCase);
        }
        else if (name.Equals("Connection", StringComparison.OrdinalIgnoreCase))
        {
            IsPersistent &= !value.Contains("close", StringComparison.OrdinalIgnoreCase);
        }
    }

    /// <summary>However often the sandbox says it, the client hears it once.</summary>
    private void AddLength(string name, string value)
    {
        if (ReadLength(value) is not { } length || (ContentLength ?? length) != length)
        {
            throw new IOException($"The sandbox sent a length that is none: '{value}'");
        }

        if (ContentLength is null)
        {
            _headers.Add((name, length.ToString(CultureInfo.InvariantCulture)));
        }

        ContentLength = length;
    }

    /// <summary>One number, or the same one several times.</summary>
    private static long? ReadLength(string value)
    {
        long? length = null;
        foreach (var part in value.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || (length ?? number) != number)
            {
                return null;
            }

            length = number;
        }

        return length;
    }

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> line) => line.TrimEnd("\r\n"u8);
}
