using System.Diagnostics;
using Xunit;

namespace Alcove.Tests.Server.Storage;

/// <summary>A PostgreSQL of the tests' own, in a temporary directory, on a Unix socket there and nowhere else. It runs as nobody where the tests are root's, since it refuses to be root's.</summary>
internal sealed class PostgresCluster : IAsyncDisposable
{
    private const string User = "nobody";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("alcove-postgres-");
    private Process? _server;

    /// <value>For <c>ALCOVE_DATABASE</c>.</value>
    public string Connection => $"Host={_directory.FullName};Username=alcove;Database=postgres;Maximum Pool Size=40";

    private string Data => Path.Combine(_directory.FullName, "data");

    public static async Task<PostgresCluster> StartAsync()
    {
        var cluster = new PostgresCluster();
        try
        {
            await cluster.InitializeAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is { HasExited: false })
        {
            // Fast shutdown: the postmaster ends its own children.
            await RunAsync("pg_ctl", "stop", "-D", Data, "-m", "fast", "-w");
            await _server.WaitForExitAsync();
        }

        _server?.Dispose();
        _directory.Delete(recursive: true);
    }

    private async Task InitializeAsync()
    {
        if (Environment.IsPrivilegedProcess)
        {
            using var given = Process.Start("chown", [User, _directory.FullName]);
            await given.WaitForExitAsync();
        }

        await RunAsync("initdb", "-D", Data, "-U", "alcove", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync");
        _server = Start("postgres", "-D", Data, "-k", _directory.FullName, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "shared_buffers=16MB");
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await _server.StandardError.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.Contains("ready to accept connections", StringComparison.Ordinal))
            {
                _ = _server.StandardError.ReadToEndAsync(CancellationToken.None);
                return;
            }
        }

        throw new InvalidOperationException("PostgreSQL ended instead of getting ready");
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Start(program, arguments);
        var said = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program}: {await said}{errors}");
    }

    private static Process Start(string program, params string[] arguments)
    {
        string[] words = Environment.IsPrivilegedProcess ? ["setpriv", $"--reuid={User}", "--clear-groups", "--", Find(program), .. arguments] : [Find(program), .. arguments];
        return Process.Start(new ProcessStartInfo(words[0], words[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" })!;
    }

    /// <summary>Debian keeps the server's programs beside one another by version, out of PATH.</summary>
    private static string Find(string program) => Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin", program)).Where(File.Exists).Order(StringComparer.Ordinal).LastOrDefault() ?? program
        : program;
}
