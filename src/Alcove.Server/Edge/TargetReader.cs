using System.Buffers;
using System.Globalization;
using System.Net;
using Alcove.Protocol.Envd;
using Alcove.Protocol.Sandboxes;

namespace Alcove.Server.Edge;

/// <summary>Finds the sandbox and port that a request is meant for, in its host name or its routing headers.</summary>
internal sealed class TargetReader(EdgeOptions options)
{
    public const string SandboxIdHeader = "E2b-Sandbox-Id";
    public const string SandboxPortHeader = "E2b-Sandbox-Port";

    private const string SharedPrefix = "sandbox.";
    private const int ShortestBareId = 17;

    private static readonly string DaemonPort = EnvdVersion.Port.ToString(CultureInfo.InvariantCulture);
    private static readonly SearchValues<char> IdCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789");

    private readonly string _apiName = $"api.{options.Domain}";

    /// <summary>Reads the headers where they count, the host name otherwise: headers never retarget a request to a sandbox's own name.</summary>
    public Addressing Read(HttpRequest request)
    {
        var name = NameOf(request.Host);
        return (IsShared(name) ? ReadHeaders(request.Headers) : null) ?? ReadName(name);
    }

    /// <summary>Whether the request came to a name that all sandboxes share, and says nowhere which of them it means.</summary>
    public bool IsUnaddressed(HttpRequest request) =>
        IsShared(NameOf(request.Host)) && ReadHeaders(request.Headers) is null;

    /// <summary>Whether the routing headers count for this name: this machine, an address, or a name that stands for the whole service.</summary>
    private bool IsShared(ReadOnlySpan<char> name) =>
        name.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || name.Equals(options.Domain, StringComparison.OrdinalIgnoreCase)
        || name.Equals(_apiName, StringComparison.OrdinalIgnoreCase)
        || (name.Length > SharedPrefix.Length && name.StartsWith(SharedPrefix, StringComparison.OrdinalIgnoreCase))
        || IsAddress(name);

    /// <summary>An IP address in its usual spelling; .NET takes a bare number for one too.</summary>
    private static bool IsAddress(ReadOnlySpan<char> name) =>
        (name.Contains(':') || name.Count('.') == 3) && IPAddress.TryParse(name, out _);

    /// <returns>Null when neither header is there.</returns>
    private static Addressing? ReadHeaders(IHeaderDictionary headers)
    {
        string? id = headers[SandboxIdHeader];
        string? port = headers[SandboxPortHeader];
        return (string.IsNullOrEmpty(id), string.IsNullOrEmpty(port)) switch
        {
            (true, true) => null,
            (false, false) => ReadTarget(id!, port),
            _ => Addressing.MissingHeader,
        };
    }

    /// <summary><c>port-id[-anything].domain</c>, or <c>id.domain</c> for the daemon.</summary>
    private static Addressing ReadName(ReadOnlySpan<char> name)
    {
        var dot = name.IndexOf('.');
        if (dot < 0 || dot == name.Length - 1)
        {
            return Addressing.InvalidHost;
        }

        var label = name[..dot];
        var dash = label.IndexOf('-');
        if (dash < 0)
        {
            return IsBareId(label) ? ReadTarget(label.ToString(), DaemonPort) : Addressing.InvalidHost;
        }

        var rest = label[(dash + 1)..];
        var end = rest.IndexOf('-');
        return ReadTarget((end < 0 ? rest : rest[..end]).ToString(), label[..dash]);
    }

    private static Addressing ReadTarget(string id, ReadOnlySpan<char> port) =>
        !SandboxId.TryParse(id, out var sandbox) ? Addressing.InvalidSandboxId
        : !ulong.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? Addressing.InvalidSandboxPort
        : Addressing.At(new TrafficTarget(sandbox, number));

    /// <summary>The host without its port, and an IPv6 address without its brackets.</summary>
    private static ReadOnlySpan<char> NameOf(HostString host)
    {
        var text = host.Value.AsSpan();
        if (text is ['[', ..])
        {
            var end = text.IndexOf(']');
            return end < 0 ? text : text[1..end];
        }

        var colon = text.IndexOf(':');
        return colon < 0 ? text : text[..colon];
    }

    /// <summary>Whether a first label can be nothing but a sandbox of ours; shorter words are other people's names (<c>www</c>, <c>api</c>).</summary>
    private static bool IsBareId(ReadOnlySpan<char> label) =>
        label.Length >= ShortestBareId && label[0] == 'i' && !label.ContainsAnyExcept(IdCharacters);
}
