namespace Alcove.IntegrationTests.Harness;

/// <summary>The installation that the integration tests run against, prepared by <c>make test</c>: tools, daemon, base template and pool.</summary>
internal static class TestHome
{
    public static string Path { get; } = Environment.GetEnvironmentVariable("ALCOVE_TEST_HOME") ?? "/var/lib/alcove-test";

    /// <summary>The repository's root: where the solution file is.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>The built executables of this very build.</summary>
    public static string Executable(string name)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
        return System.IO.Path.Combine(Repository, "artifacts", "bin", ProjectOf(name), configuration, name);
    }

    /// <summary>Says what is missing, and how to get it, before anything starts.</summary>
    public static void Check()
    {
        foreach (var part in (string[])["prefix/current", "envd/current", "templates/base.json"])
        {
            var path = System.IO.Path.Combine(Path, part);
            if (!System.IO.Path.Exists(path))
            {
                throw new InvalidOperationException($"{path} is missing: `make test` prepares it");
            }
        }

        if (new FileInfo("/proc/self/ns/net").LinkTarget == new FileInfo("/proc/1/ns/net").LinkTarget)
        {
            throw new InvalidOperationException("these tests need a network namespace of their own, so that nothing they send leaves the machine: `make test` makes one");
        }
    }

    private static string ProjectOf(string executable) => executable switch
    {
        "alcove-server" => "Alcove.Server",
        "alcove-node" => "Alcove.Node",
        "alcove" => "Alcove.Cli",
        _ => throw new ArgumentException($"no project makes '{executable}'", nameof(executable)),
    };

    private static string FindRepository()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(System.IO.Path.Combine(directory.FullName, "Alcove.slnx")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException("no Alcove.slnx above " + AppContext.BaseDirectory);
        }

        return directory.FullName;
    }
}
