namespace Alcove.Cli;

/// <summary>Where the installation is that is operated, and where its server answers.</summary>
internal sealed record Installation(string Home, Uri Api)
{
    private const string DefaultHome = "/var/lib/alcove";
    private const string DefaultApi = "http://localhost:3000";

    /// <summary>
    /// <c>ALCOVE_HOME</c>, or else the home that this program lies in (<c>HOME/app/VERSION/cli</c>), or else the default. The address is
    /// what <c>make up</c> wrote down there, and nothing that clients' settings say: the admin token must not go anywhere else.
    /// </summary>
    public static Installation Find(Func<string, string?> read, string programDirectory)
    {
        var home = read("ALCOVE_HOME") is { Length: > 0 } given ? given : HomeAround(programDirectory) ?? DefaultHome;
        var address = Path.Combine(home, "api-url");
        return new Installation(home, new Uri(File.Exists(address) ? File.ReadAllText(address).Trim() : DefaultApi));
    }

    /// <exception cref="CommandException">The admin token cannot be read.</exception>
    public AdminClient Open() => new(new HttpClient { BaseAddress = Api, DefaultRequestHeaders = { { AdminClient.TokenHeader, ReadToken() } } });

    private static string? HomeAround(string programDirectory)
    {
        var cli = new DirectoryInfo(Path.TrimEndingDirectorySeparator(programDirectory));
        return cli is { Name: "cli", Parent.Parent: { Name: "app", Parent: { } home } } ? home.FullName : null;
    }

    private string ReadToken()
    {
        var file = Path.Combine(Home, "secrets", "admin-token");
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CommandException($"there is no installation at {Home}: start one with `make up`, or say where it is with ALCOVE_HOME");
        }
        catch (UnauthorizedAccessException)
        {
            throw new CommandException($"{file} may not be read by {Environment.UserName}: run this with sudo");
        }
    }
}
