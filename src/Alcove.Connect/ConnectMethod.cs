using Google.Protobuf;

namespace Alcove.Connect;

/// <summary>One RPC: its path, and how its messages are read.</summary>
/// <param name="Path">For example <c>/process.Process/Start</c>.</param>
/// <param name="RequestParser">Reads requests.</param>
/// <param name="ResponseParser">Reads responses.</param>
public sealed record ConnectMethod<TRequest, TResponse>(string Path, MessageParser<TRequest> RequestParser, MessageParser<TResponse> ResponseParser)
    where TRequest : IMessage<TRequest>
    where TResponse : IMessage<TResponse>;
