using System.Text.RegularExpressions;
using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Sdk;

/// <summary>The official CLI with nothing but a key.</summary>
public sealed partial class CliTests(Installation installation)
{
    [Fact]
    public async Task Create_Detached_PrintsTheId()
    {
        var id = await CreateAsync();

        using var answer = await installation.Api.GetAsync($"/sandboxes/{id}", TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode);
        await CliAsync("sandbox", "kill", id);
    }

    [Fact]
    public async Task List_ShowsRunningSandboxes()
    {
        var id = await CreateAsync();

        var table = await CliAsync("sandbox", "list", "--limit", "0");
        var json = await CliAsync("sandbox", "list", "--limit", "0", "--format", "json");

        Assert.Contains(id, json.Output, StringComparison.Ordinal);
        Assert.Contains("base", table.Output, StringComparison.Ordinal);
        await CliAsync("sandbox", "kill", id);
    }

    [Fact]
    public async Task Exec_GivesOutputAndExitCode()
    {
        var id = await CreateAsync();

        var said = await CliAsync("sandbox", "exec", id, "echo", "from", "the", "cli");
        var failed = await RunAsync("sandbox", "exec", id, "exit 3");

        Assert.Contains("from the cli", said.Output, StringComparison.Ordinal);
        Assert.Equal(3, failed.ExitCode);
        await CliAsync("sandbox", "kill", id);
    }

    [Fact]
    public async Task Info_And_Kill_KnowTheSandbox()
    {
        var id = await CreateAsync();

        Assert.Contains(id, (await CliAsync("sandbox", "info", id)).Output, StringComparison.Ordinal);
        await CliAsync("sandbox", "kill", id);

        using var answer = await installation.Api.GetAsync($"/sandboxes/{id}", TestContext.Current.CancellationToken);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Connect_OpensATerminal()
    {
        var id = await CreateAsync();

        var session = await TerminalAsync($"sandbox connect {id}", "echo answer=$((40+2)); exit\n");

        Assert.Contains("answer=42", session, StringComparison.Ordinal);
        await CliAsync("sandbox", "kill", id);
    }

    [Fact]
    public async Task Spawn_OpensATerminal()
    {
        var session = await TerminalAsync("sandbox spawn base", "echo answer=$((40+2)); exit\n");

        Assert.Contains("answer=42", session, StringComparison.Ordinal);
    }

    private static async Task<string> CreateAsync()
    {
        var run = await CliAsync("sandbox", "create", "base", "--detach");
        return SandboxIdPattern().Match(run.Output) is { Success: true } match ? match.Value : throw new InvalidOperationException(run.Output + run.Error);
    }

    private static async Task<CommandResult> CliAsync(params string[] arguments) => (await RunAsync(arguments)).Succeeded();

    private static Task<CommandResult> RunAsync(params string[] arguments) =>
        Command.RunAsync(SdkRun.NodeExecutable, [SdkRun.CliScript, .. arguments], Environment(), CancellationToken.None);

    /// <summary>The CLI on a pseudo-terminal; what is typed waits for the shell's first prompt.</summary>
    private static async Task<string> TerminalAsync(string arguments, string typed)
    {
        var line = $"{SdkRun.NodeExecutable} {SdkRun.CliScript} {arguments}";
        var script = $$"""
            import os, pty, select, sys
            pid, terminal = pty.fork()
            if pid == 0:
                os.execvp("sh", ["sh", "-c", {{System.Text.Json.JsonSerializer.Serialize(line)}}])
            seen, typed = b"", False
            while True:
                ready, _, _ = select.select([terminal], [], [], 60)
                if not ready:
                    break
                try:
                    data = os.read(terminal, 65536)
                except OSError:
                    break
                if not data:
                    break
                seen += data
                if not typed and b"$" in seen:
                    typed = True
                    os.write(terminal, {{System.Text.Json.JsonSerializer.Serialize(typed)}}.encode())
            sys.stdout.buffer.write(seen)
            """;
        return (await Command.RunAsync("python3", ["-c", script], Environment(), CancellationToken.None)).Output;
    }

    private static Dictionary<string, string?> Environment()
    {
        var environment = Installation.ClientEnvironment();
        environment["HOME"] = Path.Combine(TestHome.Path, "cli-home");
        environment["NO_COLOR"] = "1";
        environment["TERM"] = "xterm-256color";
        return environment;
    }

    [GeneratedRegex("\\bi[a-z0-9]{20}\\b")]
    private static partial Regex SandboxIdPattern();
}
