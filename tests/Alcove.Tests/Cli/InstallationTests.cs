using Alcove.Cli;
using Xunit;

namespace Alcove.Tests.Cli;

public sealed class InstallationTests : IDisposable
{
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("alcove-cli-");

    [Fact]
    public void Find_NothingSaid_IsTheHomeThatTheProgramLiesIn()
    {
        var found = Installation.Find(_ => null, $"{_home.FullName}/app/0123/cli/");

        Assert.Equal(new Installation(_home.FullName, new Uri("http://localhost:3000")), found);
    }

    [Fact]
    public void Find_ProgramElsewhere_IsTheDefault() =>
        Assert.Equal("/var/lib/alcove", Installation.Find(_ => null, "/src/artifacts/bin/Alcove.Cli/debug/").Home);

    [Fact]
    public void Find_HomeGivenAndAddressWrittenThere_IsThatAndNotWhatClientsAreTold()
    {
        File.WriteAllText(Path.Combine(_home.FullName, "api-url"), "http://localhost:3100\n");

        var found = Installation.Find(name => name switch { "ALCOVE_HOME" => _home.FullName, "E2B_API_URL" => "https://api.example.com", _ => null }, "/elsewhere");

        Assert.Equal(new Installation(_home.FullName, new Uri("http://localhost:3100")), found);
    }

    [Fact]
    public void Open_NoInstallation_SaysHowToStartOrNameOne()
    {
        var error = Assert.Throws<CommandException>(() => new Installation("/nonexistent", new Uri("http://localhost")).Open());

        Assert.Equal("there is no installation at /nonexistent: start one with `make up`, or say where it is with ALCOVE_HOME", error.Message);
    }

    public void Dispose() => _home.Delete(recursive: true);
}
