using Alcove.IntegrationTests.Harness;
using Xunit;

namespace Alcove.IntegrationTests.Faults;

public sealed class StartTests
{
    /// <summary>The server's own user has no way into a checkout below somebody's home directory, which is where `make up` is typed.</summary>
    [Theory]
    [InlineData("alcove-server")]
    [InlineData("alcove-node")]
    public async Task Start_FromADirectoryThatIsGone_DoesNotNeedIt(string program)
    {
        var said = await Command.ShellAsync($"gone=$(mktemp -d); cd $gone; rmdir $gone; ALCOVE_HOME={TestHome.Path} {TestHome.Executable(program)} --help");

        Assert.StartsWith(program, said.TrimStart());
    }
}
