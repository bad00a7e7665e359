using Alcove.Connect.Codecs;
using Microsoft.AspNetCore.Http;

namespace Alcove.Connect;

/// <summary>What a server of RPCs may be told.</summary>
public sealed class ConnectOptions
{
    /// <value>The longest request message in bytes, as sent and after decompression. Default 64 MiB, which is far above what SDKs send at once;
    /// a longer one is answered with <see cref="ConnectCode.ResourceExhausted"/>. Between 1 byte and 1 GiB.</value>
    public int MaxRequestBytes { get; init => field = MessageSize.Limit(value, nameof(MaxRequestBytes)); } = 64 * 1024 * 1024;

    /// <value>Called with what a handler threw that is neither a <see cref="ConnectException"/> nor a cancellation, for the log; the client learns only
    /// <see cref="ConnectCode.Internal"/>.</value>
    public Action<HttpContext, Exception>? OnUnexpected { get; init; }
}
