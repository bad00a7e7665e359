using System.Net;
using System.Text.Json.Nodes;
using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Api;

/// <summary>What cannot be answered well is refused with the contract's status and body.</summary>
public sealed class BadInputTests
{
    public static TheoryData<string, string, int, string> Creates => new()
    {
        { "/sandboxes", "{", 400, "validation error" },
        { "/sandboxes", "[]", 400, "validation error" },
        { "/sandboxes", "{}", 400, "validation error" },
        { "/sandboxes", """{"templateID":7}""", 400, "validation error" },
        { "/sandboxes", """{"templateID":"base","timeout":"300"}""", 400, "validation error" },
        { "/sandboxes", """{"templateID":"base","metadata":{"a":1}}""", 400, "validation error" },
        { "/sandboxes", """{"templateID":"base","metadata":{"a":null}}""", 400, "validation error" },
        { "/v2/sandboxes", """{"templateID":"base","envVars":[]}""", 400, "validation error" },
        { "/sandboxes", """{"templateID":"base","timeout":0}""", 400, "Timeout must be greater than 0" },
        { "/sandboxes", """{"templateID":"base","timeout":-5}""", 400, "Timeout must be greater than 0" },
        { "/v2/sandboxes", """{"templateID":"base","timeout":86401}""", 400, "Timeout cannot be greater than 24 hours" },
        { "/sandboxes", """{"templateID":"base","autoPauseMemory":false}""", 400, "autoPauseMemory=false only applies when autoPause is true." },
        { "/sandboxes", """{"templateID":"base","autoResume":{}}""", 400, "validation error" },
        { "/sandboxes", """{"templateID":"base","volumeMounts":[{"name":"v","path":"/v"}]}""", 400, "Volume mounts are not enabled." },
        { "/sandboxes", """{"templateID":"base","iam":{"tokens":{}}}""", 400, "Sandbox IAM workload tokens are not available for your team." },
        { "/sandboxes", """{"templateID":"base","network":{"rules":{"a.com":[]}}}""", 400, "Network transform rules are not available for your team." },
        { "/sandboxes", """{"templateID":"base","network":{"egressProxy":{"address":"a:1"}}}""", 403, "Egress proxy (network.egressProxy) is not enabled for this team." },
        { "/sandboxes", """{"templateID":"base","network":{"allowOut":["8.8.8.8"]}}""", 400, "network.allowOut is not supported by this version of Alcove" },
        { "/sandboxes", """{"templateID":"base","network":{"denyOut":["10.1.1.1/99"]}}""", 400, "invalid denied CIDR 10.1.1.1/99" },
        { "/sandboxes", """{"templateID":"base","network":{"allowOut":["example.com"]}}""", 400, "When specifying allowed domains in allow out, you must include 'ALL_TRAFFIC' in deny out to block all other traffic." },
        { "/sandboxes", """{"templateID":"base","network":{"allowPublicTraffic":false}}""", 400, "You cannot create a sandbox without public access unless you enable secure envd access via 'secure' flag." },
        { "/sandboxes", """{"templateID":"base","network":{"maskRequestHost":"-https://abcd"}}""", 400, "mask request host is not valid: -https://abcd" },
        { "/sandboxes", """{"templateID":"base","network":{"maskRequestHost":"bücher.de"}}""", 400, "mask request host 'bücher.de' is not ASCII. Please use ASCII characters only." },
        { "/sandboxes", """{"templateID":"no such"}""", 400, "Invalid template reference: " },
        { "/sandboxes", """{"templateID":"nothing-like-it"}""", 404, "template 'nothing-like-it' not found" },
        { "/sandboxes", """{"templateID":"base:nightly"}""", 404, "tag 'nightly' does not exist for template 'base'" },
    };

    [Theory]
    [MemberData(nameof(Creates))]
    public async Task Create_OfWhatCannotBe_IsRefused(string path, string json, int status, string message)
    {
        var (code, body, _) = await ApiCall.SendAsync(HttpMethod.Post, path, json);

        Assert.Equal(status, (int)code);
        Assert.Equal(status, (int)body!["code"]!);
        Assert.StartsWith(message, (string)body["message"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/sandboxes/izzzzzzzzzzzzzzzzzzzz", null)]
    [InlineData("DELETE", "/sandboxes/izzzzzzzzzzzzzzzzzzzz", null)]
    [InlineData("POST", "/sandboxes/izzzzzzzzzzzzzzzzzzzz/timeout", """{"timeout":60}""")]
    [InlineData("POST", "/sandboxes/izzzzzzzzzzzzzzzzzzzz/refreshes", """{"duration":60}""")]
    [InlineData("POST", "/sandboxes/izzzzzzzzzzzzzzzzzzzz/connect", """{"timeout":60}""")]
    [InlineData("POST", "/v2/sandboxes/izzzzzzzzzzzzzzzzzzzz/connect", null)]
    public async Task UnknownSandbox_IsNotFound_ByTheCanonicalText(string method, string path, string? json)
    {
        var (code, body, _) = await ApiCall.SendAsync(new HttpMethod(method), path, json);

        Assert.Equal(HttpStatusCode.NotFound, code);
        Assert.Equal("Sandbox \"izzzzzzzzzzzzzzzzzzzz\" doesn't exist or you don't have access to it", (string)body!["message"]!);
        Assert.Equal(404, (int)body["code"]!);
    }

    [Theory]
    [InlineData("POST", "/sandboxes/i1/timeout", """{"timeout":-1}""", 400)]
    [InlineData("POST", "/sandboxes/i1/timeout", null, 400)]
    [InlineData("POST", "/sandboxes/i1/refreshes", """{"duration":3601}""", 400)]
    [InlineData("POST", "/sandboxes/i1/connect", null, 400)]
    [InlineData("POST", "/sandboxes/A-B-C/connect", """{"timeout":999999}""", 400)]
    [InlineData("GET", "/sandboxes/UPPER", null, 400)]
    [InlineData("GET", "/sandboxes/a-b-c", null, 400)]
    [InlineData("GET", "/v2/sandboxes?limit=0", null, 400)]
    [InlineData("GET", "/v2/sandboxes?limit=101", null, 400)]
    [InlineData("GET", "/v2/sandboxes?state=sleeping", null, 400)]
    [InlineData("GET", "/v2/sandboxes?order=up", null, 400)]
    [InlineData("GET", "/v2/sandboxes?nextToken=nonsense", null, 400)]
    [InlineData("GET", "/v2/sandboxes?metadata=a", null, 400)]
    [InlineData("GET", "/v2/sandboxes?template=base:tag", null, 400)]
    [InlineData("GET", "/instances/any", null, 400)]
    [InlineData("GET", "/no/such/route", null, 404)]
    [InlineData("PATCH", "/sandboxes/i1", null, 405)]
    [InlineData("GET", "/sandboxes/i1/metrics", null, 501)]
    [InlineData("GET", "/v2/sandboxes/i1/logs", null, 501)]
    [InlineData("PUT", "/sandboxes/i1/network", "{}", 501)]
    [InlineData("POST", "/v3/templates", "{}", 501)]
    [InlineData("GET", "/volumes", null, 501)]
    public async Task BadRequests_HaveTheErrorBody(string method, string path, string? json, int status)
    {
        var (code, body, _) = await ApiCall.SendAsync(new HttpMethod(method), path, json);

        Assert.Equal(status, (int)code);
        Assert.Equal(status, (int)body!["code"]!);
        Assert.NotEqual(string.Empty, (string)body["message"]!);
    }

    [Fact]
    public async Task TooLargeABody_IsRefused()
    {
        var (code, body, _) = await ApiCall.SendAsync(HttpMethod.Post, "/sandboxes", "{\"templateID\":\"base\",\"metadata\":{\"a\":\"" + new string('x', 17 << 20) + "\"}}");

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, code);
        Assert.Equal(413, (int)body!["code"]!);
    }

    [Fact]
    public async Task Nulls_AndUnknownProperties_AreAccepted()
    {
        var (code, body, _) = await ApiCall.SendAsync(
            HttpMethod.Post,
            "/sandboxes",
            """{"templateID":"base","timeout":null,"metadata":null,"envVars":null,"network":null,"autoResume":null,"volumeMounts":[],"iam":null,"mcp":null,"allow_internet_access":null,"novelty":{"a":1}}""");

        Assert.Equal(HttpStatusCode.Created, code);
        await ApiCall.SendAsync(HttpMethod.Delete, $"/sandboxes/{(string)body!["sandboxID"]!}");
    }

    [Fact]
    public async Task Domain_IsTheSandboxesOwn_ExceptForTheSdks()
    {
        var (_, plain, _) = await ApiCall.SendAsync(HttpMethod.Post, "/sandboxes", """{"templateID":"base"}""");
        var (_, sdk, _) = await ApiCall.SendAsync(HttpMethod.Post, "/v2/sandboxes", """{"templateID":"base"}""", Installation.ApiKey, ("User-Agent", "e2b-js-sdk/2.51.0"));
        var (_, connected, _) = await ApiCall.SendAsync(HttpMethod.Post, $"/sandboxes/{(string)plain!["sandboxID"]!}-6532622b/connect", """{"timeout":0}""");

        Assert.Equal($"{(string)plain["sandboxID"]!}.localhost:3002", (string)plain["domain"]!);
        Assert.Null(plain["envdAccessToken"]);
        Assert.Equal("localhost:3002", (string)sdk!["domain"]!);
        Assert.NotNull(sdk["envdAccessToken"]);
        Assert.Equal((string)plain["sandboxID"]!, (string)connected!["sandboxID"]!);
        foreach (var made in (JsonNode[])[plain, sdk])
        {
            await ApiCall.SendAsync(HttpMethod.Delete, $"/sandboxes/{(string)made["sandboxID"]!}");
        }
    }
}
