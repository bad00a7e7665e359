using Microsoft.AspNetCore.Http;

namespace Alcove.Connect;

/// <summary>What a handler may know about the call it answers.</summary>
/// <param name="Http">The request; handlers read headers from it and write nothing to it.</param>
/// <param name="Timeout">What <c>Connect-Timeout-Ms</c> asked for, null when absent.</param>
/// <param name="CancellationToken">Fires when the client is gone or the deadline has passed.</param>
public sealed record ConnectContext(HttpContext Http, TimeSpan? Timeout, CancellationToken CancellationToken);
