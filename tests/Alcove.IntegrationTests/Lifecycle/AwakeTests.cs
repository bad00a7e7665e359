using System.Globalization;
using System.Net;
using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Lifecycle;

/// <summary>The daemon and what it looks after, once a sandbox is awake again.</summary>
public sealed class AwakeTests(Installation installation)
{
    [Fact]
    public async Task Clock_IsRight_AndTimersGoOn()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await sandbox.OutputAsync("nohup sh -c 'sleep 2; date +%s.%N > woken' >/dev/null 2>&1 &");
        await sandbox.PauseAsync();
        await sandbox.ResumeAsync();

        var inside = double.Parse(await sandbox.OutputAsync("date +%s.%N"), CultureInfo.InvariantCulture);
        Assert.Equal(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0, inside, 5.0);
        await Eventually.HoldsAsync(() => sandbox.OutputAsync("cat woken 2>/dev/null || true"), text => text.Length > 0, TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData(true, "")]
    [InlineData(true, "-6532622b")]
    [InlineData(false, "")]
    [InlineData(false, "-6532622b")]
    public async Task Token_OfTheCreate_StillOpensFiles_AndNothingElseDoes(bool withMemory, string suffix)
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api, new { secure = true });
        await sandbox.PauseAsync(withMemory);
        await sandbox.ResumeAsync();

        using var http = new HttpClient();
        async Task<HttpStatusCode> AskAsync(string? token)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{Installation.SandboxUrl}/files?path=/etc/hostname");
            request.Headers.Host = $"49983-{sandbox.Id}{suffix}.localhost:3002";
            if (token is not null)
            {
                request.Headers.Add("X-Access-Token", token);
            }

            using var answer = await http.SendAsync(request);
            return answer.StatusCode;
        }

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized), (await AskAsync(sandbox.Token), await AskAsync(null), await AskAsync("wrong")));
    }

    [Fact]
    public async Task InitFromInside_CannotTakeTheDaemonOver_AfterAWakeOrInAFork()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api, new { secure = true });
        await sandbox.PauseAsync();
        await sandbox.ResumeAsync();
        await using var fork = Assert.Single(await sandbox.ForkAsync(1));

        foreach (var each in (TestSandbox[])[sandbox, fork])
        {
            foreach (var body in (string[])["{}", """{"accessToken":"mine"}""", $$"""{"accessToken":"{{(each == fork ? sandbox : fork).Token}}"}"""])
            {
                Assert.Equal("401", await each.OutputAsync($"curl -s -o /dev/null -w '%{{http_code}}' -X POST -H 'Content-Type: application/json' -d '{body}' localhost:49983/init"));
            }

            Assert.Equal(each.Id, await each.OutputAsync("echo $E2B_SANDBOX_ID"));
        }
    }

    [Fact]
    public async Task Variables_OfTheSandbox_StayOverEveryKindOfPause_AndAreNewInACreateFromASnapshot()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api, new { envVars = new { ONE = "1", TWO = "2" } });
        foreach (var withMemory in (bool[])[true, false, true])
        {
            await sandbox.PauseAsync(withMemory);
            await sandbox.ResumeAsync();
            Assert.Equal($"1 2 true {sandbox.Id} base", await sandbox.OutputAsync("echo $ONE $TWO $E2B_SANDBOX $E2B_SANDBOX_ID $E2B_TEMPLATE_ID"));
        }
    }

    [Fact]
    public async Task OpenStream_EndsWithAnError_AndDoesNotHang()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        var stream = sandbox.StartAsync("while :; do echo tick; sleep 0.05; done", "user", TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await stream.MoveNextAsync());

        await sandbox.PauseAsync();

        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            while (await stream.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken))
            {
            }
        });
        await sandbox.ResumeAsync();
        Assert.Equal(1, await sandbox.ProcessCountAsync());
    }

    [Fact]
    public async Task MemoryAndValuesWrittenAfterAWake_SurviveTheNextPauses()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await sandbox.OutputAsync("head -c 30000000 /dev/urandom > /dev/shm/held; sha256sum /dev/shm/held > sum");
        for (var round = 0; round < 3; round++)
        {
            await sandbox.PauseAsync();
            await sandbox.ResumeAsync();
            Assert.Equal("/dev/shm/held: OK", await sandbox.OutputAsync("sha256sum -c sum"));
            Assert.Equal(string.Concat(Enumerable.Range(0, round).Select(i => $"value {i}\n")).TrimEnd(), await sandbox.OutputAsync("cat /dev/shm/values 2>/dev/null || true"));
            await sandbox.OutputAsync($"echo value {round} >> /dev/shm/values");
        }
    }

    [Fact]
    public async Task Files_ContiguousSparseZeroedAndCut_KeepHashAndSize()
    {
        await using var sandbox = await TestSandbox.CreateAsync(installation.Api);
        await sandbox.OutputAsync("""
            python3 - <<'PY'
            import os, random
            random.seed(1)
            open('contiguous', 'wb').write(os.urandom(8 << 20))
            with open('sparse', 'wb') as file:
                for _ in range(200):
                    file.seek(random.randrange(256 << 20)); file.write(os.urandom(random.randrange(1, 9000)))
            with open('zeroed', 'wb') as file:
                file.write(os.urandom(4 << 20)); file.seek(1 << 20); file.write(bytes(1 << 20)); file.truncate(3 << 20)
            PY
            fallocate --punch-hole --offset 2097152 --length 500000 zeroed
            sha256sum contiguous sparse zeroed > sums; stat -c '%n %s' contiguous sparse zeroed > sizes
            """);
        for (var round = 0; round < 3; round++)
        {
            await sandbox.PauseAsync(withMemory: round != 1);
            await sandbox.ResumeAsync();
            Assert.Equal("contiguous: OK\nsparse: OK\nzeroed: OK", await sandbox.OutputAsync("sha256sum -c sums"));
            Assert.Equal(string.Empty, await sandbox.OutputAsync("stat -c '%n %s' contiguous sparse zeroed | diff sizes -"));
            await sandbox.OutputAsync($"dd if=/dev/urandom of=sparse bs=7777 count=3 seek=$((100 * {round + 1})) conv=notrunc status=none; sha256sum contiguous sparse zeroed > sums");
        }
    }
}
