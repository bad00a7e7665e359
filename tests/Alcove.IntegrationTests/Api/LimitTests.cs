using System.Net;
using Xunit;

namespace Alcove.IntegrationTests.Api;

public sealed class LimitTests
{
    [Fact]
    public async Task LimitPlusOne_Is429_WithoutRetryAfter_AlsoWhenAllComeAtOnce()
    {
        var (team, key) = await ApiCall.NewTeamAsync();
        await ApiCall.SendAsync(HttpMethod.Patch, $"/admin/teams/{team}/limits", """{"concurrentSandboxes":3}""", null, ("X-Admin-Token", ApiCall.AdminToken));

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => ApiCall.SendAsync(HttpMethod.Post, "/v2/sandboxes", """{"templateID":"base"}""", key)));

        Assert.Equal(3, answers.Count(a => a.Status == HttpStatusCode.Created));
        Assert.All(answers.Where(a => a.Status != HttpStatusCode.Created), refused =>
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.Status);
            Assert.False(refused.Answer.Headers.Contains("Retry-After"));
            Assert.StartsWith("you have reached the maximum number of concurrent E2B sandboxes (3).", (string)refused.Body!["message"]!, StringComparison.Ordinal);
        });

        var ids = answers.Where(a => a.Status == HttpStatusCode.Created).Select(a => (string)a.Body!["sandboxID"]!).ToArray();
        await ApiCall.SendAsync(HttpMethod.Delete, $"/sandboxes/{ids[0]}", null, key);
        var (again, body, _) = await ApiCall.SendAsync(HttpMethod.Post, "/v2/sandboxes", """{"templateID":"base"}""", key);
        Assert.Equal(HttpStatusCode.Created, again);
        await Task.WhenAll(ids.Skip(1).Append((string)body!["sandboxID"]!).Select(id => ApiCall.SendAsync(HttpMethod.Delete, $"/sandboxes/{id}", null, key)));
    }
}
