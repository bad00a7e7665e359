using Alcove.Runtime.Crun;
using Xunit;

namespace Alcove.Tests.Runtime;

public sealed class UndoStackTests
{
    [Fact]
    public async Task Run_GoesBackwards_PastErrors_AndReportsThem()
    {
        var done = new List<int>();
        var undo = new UndoStack();
        undo.Push(() => Note(1));
        undo.Push(() => throw new IOException("second"));
        undo.Push(() => Note(3));

        var errors = await undo.RunAsync();

        Assert.Equal([3, 1], done);
        Assert.Equal("second", Assert.Single(errors).Message);
        Assert.Empty(await undo.RunAsync());

        Task Note(int step)
        {
            done.Add(step);
            return Task.CompletedTask;
        }
    }
}
