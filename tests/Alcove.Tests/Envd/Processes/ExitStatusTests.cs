using Alcove.Envd.Processes;
using Xunit;

namespace Alcove.Tests.Envd.Processes;

public sealed class ExitStatusTests
{
    [Theory]
    [InlineData(0, 0, true, "exit status 0", null)]
    [InlineData(0x0300, 3, true, "exit status 3", "exit status 3")]
    [InlineData(9, -1, false, "signal: killed", "signal: killed")]
    [InlineData(0x8b, -1, false, "signal: segmentation fault (core dumped)", "signal: segmentation fault (core dumped)")]
    public void FromWaitStatus_EachKind_ReadsAsClientsExpect(int status, int code, bool exited, string text, string? error)
    {
        var end = ExitStatus.FromWaitStatus(status);
        Assert.Equal((code, exited, text, error), (end.ExitCode, end.Exited, end.Status, end.Error));
    }
}
