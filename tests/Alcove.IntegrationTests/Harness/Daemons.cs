using System.Net;
using Alcove.Connect;
using Alcove.Protocol.Nodes;

namespace Alcove.IntegrationTests.Harness;

/// <summary>Server and node of a home, started as their user starts them.</summary>
internal static class Daemons
{
    private static readonly ConnectMethod<GetStatusRequest, NodeStatus> Status = new("/alcove.node.NodeService/GetStatus", GetStatusRequest.Parser, NodeStatus.Parser);
    private static readonly HttpClient Http = new() { BaseAddress = new Uri(Installation.ApiUrl) };

    public static Daemon Node(string home, IReadOnlyDictionary<string, string?> environment) =>
        new("node", TestHome.Executable("alcove-node"), environment, Path.Combine(TestHome.Path, "logs", "node.log"), _ => NodeAnswersAsync(home));

    public static Daemon Server(IReadOnlyDictionary<string, string?> environment) =>
        new("server", TestHome.Executable("alcove-server"), environment, Path.Combine(TestHome.Path, "logs", "server.log"), ServerAnswersAsync);

    public static async Task<NodeStatus> NodeStatusAsync(string home)
    {
        using var http = new HttpMessageInvoker(UnixSocketHandler.Create(Path.Combine(home, "node.sock")));
        return await new ConnectClient(http, new Uri("http://node")).UnaryAsync(Status, new GetStatusRequest(), CancellationToken.None);
    }

    /// <summary>A socket that is there may be that of a node which was killed.</summary>
    private static async Task<bool> NodeAnswersAsync(string home)
    {
        try
        {
            await NodeStatusAsync(home);
            return true;
        }
        catch (ConnectException)
        {
            return false;
        }
    }

    private static async Task<bool> ServerAnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await Http.GetAsync("/health", cancellationToken);
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }
}
